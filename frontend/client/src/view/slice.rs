//! A part of the view that is compared by pointer.

use std::ops::Deref;
use std::rc::Rc;

/// A part of the view, which components take as a property. Two slices are equal if they are the same
/// allocation. The client replaces a slice only if its content changed.
#[derive(Debug)]
pub struct Slice<T: ?Sized>(Rc<T>);

impl<T: ?Sized> Clone for Slice<T> {
    fn clone(&self) -> Self {
        Slice(self.0.clone())
    }
}

impl<T: ?Sized> PartialEq for Slice<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: ?Sized> Eq for Slice<T> {}

impl<T> Default for Slice<[T]> {
    fn default() -> Self {
        Slice::from([])
    }
}

impl<T: ?Sized> Deref for Slice<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Slice<T> {
    fn from(content: T) -> Self {
        Slice(Rc::new(content))
    }
}

impl<T> From<Vec<T>> for Slice<[T]> {
    fn from(items: Vec<T>) -> Self {
        Slice(items.into())
    }
}

impl<T, const N: usize> From<[T; N]> for Slice<[T]> {
    fn from(items: [T; N]) -> Self {
        Slice(Rc::from(items))
    }
}

impl<T> FromIterator<T> for Slice<[T]> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Slice(items.into_iter().collect())
    }
}
