//! Requests of clients and administrators that wait for an answer.

use std::collections::VecDeque;

use crate::subject::Request;

/// The open requests, each with what is remembered of it, in the order of their numbers.
///
/// Numbers mostly grow, and mostly the newest request is answered at once, or the oldest one: both are at an end of the
/// queue, where nothing needs to be searched or moved.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Open<T>(VecDeque<(Request, T)>);

impl<T> Default for Open<T> {
    fn default() -> Open<T> {
        Open(VecDeque::new())
    }
}

impl<T> Open<T> {
    /// Adds a request. If it is open already, this takes the place of what was remembered.
    #[inline]
    pub(crate) fn insert(&mut self, request: Request, what: T) {
        if self.0.back().is_none_or(|(last, _)| *last < request) {
            self.0.push_back((request, what));
        } else {
            self.insert_before_last(request, what);
        }
    }

    fn insert_before_last(&mut self, request: Request, what: T) {
        match self.place(request) {
            Ok(place) => self.0[place].1 = what,
            Err(place) => self.0.insert(place, (request, what)),
        }
    }

    /// Removes a request, and returns what was remembered; `None` if it is not open.
    #[inline]
    pub(crate) fn remove(&mut self, request: Request) -> Option<T> {
        let (newest, _) = self.0.back()?;
        let (_, what) = if *newest == request {
            self.0.pop_back()
        } else if *newest < request {
            None
        } else {
            self.remove_before_last(request)
        }?;
        Some(what)
    }

    fn remove_before_last(&mut self, request: Request) -> Option<(Request, T)> {
        self.0.pop_front_if(|(oldest, _)| *oldest == request).or_else(|| {
            let place = self.place(request).ok()?;
            self.0.remove(place)
        })
    }

    /// Returns what is remembered of a request, if it is open.
    pub(crate) fn get(&self, request: Request) -> Option<&T> {
        self.place(request).ok().map(|place| &self.0[place].1)
    }

    /// Removes all requests of which this does not hold.
    pub(crate) fn retain(&mut self, mut holds: impl FnMut(&mut T) -> bool) {
        self.0.retain_mut(|(_, what)| holds(what));
    }

    /// Removes all requests.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The open requests, in the order of their numbers.
    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = Request> + '_ {
        self.0.iter().map(|(request, _)| *request)
    }

    fn place(&self, request: Request) -> Result<usize, usize> {
        self.0.binary_search_by_key(&request, |(other, _)| *other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In any order, and whichever of them is asked for, they are found once.
    #[test]
    fn requests_are_found_in_any_order() {
        for order in [[1, 2, 3], [3, 1, 2], [2, 3, 1], [3, 2, 1]] {
            for removed in [[1, 2, 3], [3, 2, 1], [2, 1, 3], [2, 3, 1]] {
                let mut open = Open::default();
                order.iter().for_each(|&number| open.insert(Request(number), number * 10));
                assert!(open.names().eq([1, 2, 3].map(Request)));
                assert_eq!((open.get(Request(2)), open.get(Request(4))), (Some(&20), None));
                assert_eq!((open.remove(Request(0)), open.remove(Request(4))), (None, None));
                for number in removed {
                    assert_eq!(open.remove(Request(number)), Some(number * 10));
                    assert_eq!(open.remove(Request(number)), None);
                }
                assert_eq!(open.names().len(), 0);
            }
        }
    }

    #[test]
    fn a_request_that_is_open_is_remembered_anew() {
        let mut open = Open::default();
        for (number, what) in [(1, 'a'), (2, 'b'), (3, 'c'), (2, 'd'), (3, 'e')] {
            open.insert(Request(number), what);
        }
        open.retain(|what| *what != 'a');
        assert!(open.names().eq([2, 3].map(Request)));
        assert_eq!((open.remove(Request(2)), open.remove(Request(3))), (Some('d'), Some('e')));
    }
}
