//! The data folder: what must last from one start to the next.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The data folder could not be used.
#[derive(Debug, thiserror::Error)]
#[error("the data folder {path}: {source}")]
pub struct DataError {
    path: PathBuf,
    source: io::Error,
}

/// The house's id: 16 hexadecimal digits, made at the first start. It names the
/// cookie, so that two houses on one host do not take each other's.
///
/// # Errors
/// The folder or the file in it cannot be made or read.
pub fn house_id(folder: &Path) -> Result<String, DataError> {
    let file = folder.join("house");
    let fault = |source| DataError { path: file.clone(), source };
    fs::create_dir_all(folder).map_err(|source| DataError { path: folder.to_owned(), source })?;
    match fs::read_to_string(&file) {
        Ok(text) if is_id(text.trim()) => return Ok(text.trim().to_owned()),
        Ok(_) => {
            return Err(fault(io::Error::new(
                io::ErrorKind::InvalidData,
                "this is no house id; move it away",
            )));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fault(error)),
    }
    let id = format!("{:016x}", random_u64().map_err(|error| fault(io::Error::other(error)))?);
    write_private(&file, &id).map_err(fault)?;
    Ok(id)
}

/// A random number from the operating system.
///
/// # Errors
/// It gives none.
pub fn random_u64() -> Result<u64, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    Ok(u64::from_be_bytes(bytes))
}

fn is_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Written whole or not at all, for the owner's eyes only.
fn write_private(file: &Path, text: &str) -> io::Result<()> {
    use io::Write;
    let temporary = file.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut new = options.open(&temporary)?;
    writeln!(new, "{text}")?;
    new.sync_all()?;
    fs::rename(temporary, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_stays_and_a_strange_file_is_not_overwritten() {
        let folder = std::env::temp_dir().join(format!("teahouse-data-{}", std::process::id()));
        let first = house_id(&folder).unwrap();
        assert_eq!(house_id(&folder).unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(folder.join("house")).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(folder.join("house"), "mine\n").unwrap();
        assert!(house_id(&folder).unwrap_err().to_string().contains("move it away"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
