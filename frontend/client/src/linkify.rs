//! Links in a text. Only `http://` and `https://` become links, so that no other scheme reaches an
//! `href`.
//!
//! Chinese, Japanese and Korean put no space around a URL. Letters of these scripts are part of it
//! after a delimiter, as in `/路径?q=茶`, and not after another letter or digit, as in `/tea很好`.
//! Their punctuation ends a URL. Letters of other scripts may be part of it anywhere.

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSpan<'a> {
    /// Text without a link, shown as it is.
    Text(&'a str),
    /// A URL, which is both the text and the target of the link.
    Link(&'a str),
}

/// Splits `text` into spans. Their concatenation is `text`, and none is empty.
pub fn segments(text: &str) -> Vec<TextSpan<'_>> {
    let mut found = Vec::new();
    let mut plain_from = 0;
    let mut from = 0;
    while let Some(start) = text[from..].find(':').map(|colon| from + colon) {
        from = start + ":".len();
        if !text[from..].starts_with("//") {
            continue;
        }
        from += "//".len();
        let Some(begin) = scheme_start(text, start).filter(|begin| *begin >= plain_from) else { continue };
        // Check the host first. A host ends at the next `/`, so a text that consists of schemes is
        // read only once.
        if !has_host(&text[from..]) {
            continue;
        }
        let end = from + url_length(&text[from..]);
        if end == from {
            continue;
        }
        if plain_from < begin {
            found.push(TextSpan::Text(&text[plain_from..begin]));
        }
        found.push(TextSpan::Link(&text[begin..end]));
        plain_from = end;
        from = end;
    }
    if plain_from < text.len() {
        found.push(TextSpan::Text(&text[plain_from..]));
    }
    found
}

/// The start of the scheme before the `://` at `colon`, if it is `http` or `https` and not the end
/// of a longer word.
fn scheme_start(text: &str, colon: usize) -> Option<usize> {
    let before = &text.as_bytes()[..colon];
    let length = ["https", "http"].into_iter().map(str::len).find(|length| {
        let tail = before.len().checked_sub(*length).map(|at| &before[at..]);
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(&b"https"[..*length]))
    })?;
    let begin = colon - length;
    // `xhttp://` and `view-source:http://` are other schemes; 茶http:// is not.
    let part_of_a_scheme =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b':');
    let glued = begin > 0 && part_of_a_scheme(before[begin - 1]);
    (!glued).then_some(begin)
}

/// The number of bytes of `rest`, the text after `://`, that belong to the URL.
fn url_length(rest: &str) -> usize {
    let raw = raw_length(rest);
    let mut url = &rest[..raw];
    // The number of closing brackets of each kind without an opening one.
    let mut round = unopened(url, '(', ')');
    let mut square = unopened(url, '[', ']');
    while let Some(last) = url.chars().next_back() {
        let drop = match last {
            '.' | ',' | '!' | '?' | ';' | ':' | '\'' | '*' => true,
            '(' | '[' => true,
            ')' => take_one(&mut round),
            ']' => take_one(&mut square),
            _ => false,
        };
        if !drop {
            break;
        }
        url = &url[..url.len() - last.len_utf8()];
    }
    url.len()
}

/// The number of bytes of `rest` up to the first character that cannot be part of the URL.
fn raw_length(rest: &str) -> usize {
    let (mut is_host, mut last) = (true, '/');
    for (at, c) in rest.char_indices() {
        let may_follow = match last {
            '.' => is_host,
            '/' | '?' | '#' | '=' | '&' | '-' | '_' | '%' | '+' | '~' | '@' => true,
            other => is_cjk(other),
        };
        let belongs = may_stand_in_a_url(c) || (is_cjk(c) && may_follow);
        if !belongs {
            return at;
        }
        is_host &= !matches!(c, '/' | '?' | '#' | ':');
        last = c;
    }
    rest.len()
}

/// Whether this is a letter of a script without spaces between words, or of Hangul.
fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11ff}'
        | '々' | '〇'
        | '\u{3041}'..='\u{3096}'
        | '\u{30a1}'..='\u{30fa}'
        | 'ー'..='ヿ'
        | '\u{3105}'..='\u{318e}'
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// The number of `close` without an `open` before them.
fn unopened(url: &str, open: char, close: char) -> usize {
    let mut depth = 0_usize;
    let mut extra = 0;
    for c in url.chars() {
        if c == open {
            depth += 1;
        } else if c == close {
            match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => extra += 1,
            }
        }
    }
    extra
}

fn take_one(count: &mut usize) -> bool {
    match count.checked_sub(1) {
        Some(less) => {
            *count = less;
            true
        }
        None => false,
    }
}

fn may_stand_in_a_url(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        '-' | '.' | '_' | '~' | ':' | '/' | '?' | '#' | '[' | ']' | '@' => true,
        '!' | '$' | '&' | '\'' | '(' | ')' | '*' | '+' | ',' | ';' | '=' | '%' => true,
        // Invisible characters and spaces within the range below.
        '\u{61c}' | '\u{1680}' | '\u{180b}'..='\u{180f}' => false,
        c if is_cjk(c) => false,
        // Latin, Greek, Cyrillic, Arabic, Devanagari, Thai and others. General punctuation with its
        // bidirectional controls, and CJK, lie above.
        '\u{c0}'..='\u{1fff}' => true,
        _ => false,
    }
}

/// Whether `rest`, the text after `://`, begins with something like a host.
fn has_host(rest: &str) -> bool {
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    if host.starts_with(is_cjk) {
        // 以http://开头 is a sentence, and http://例子.测试 an address.
        return host.split_once('.').is_some_and(|(name, domain)| {
            name.chars().all(is_cjk) && domain.starts_with(|c: char| is_cjk(c) || c.is_ascii_alphanumeric())
        });
    }
    host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[' || !c.is_ascii())
}

#[cfg(test)]
mod tests;
