//! Spreads the ends of connections over many turns of their worker.
//!
//! An end costs its worker many times what a delivery costs: three tasks run for the last time, the session leaves its
//! lists, and the kernel closes the socket. If a network or a proxy fails, thousands end at once, and the fan-out task
//! would wait behind all of them. So a socket reports its end, on which all the rest follows, only when it is its turn.
//! Between two turns is a pause, so that the registry and the store get their part of a CPU core that they share with
//! the worker. Ends that come one by one have their turn at once.

use crate::clock::mono_ms;
use crate::limits::{END_PAUSE, ENDS_PER_TURN};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    task::{Context, Poll, Waker},
};

thread_local! {
    /// The ends that wait on this worker's thread.
    static END_QUEUE: Rc<EndQueue> = Rc::default();
}

/// The sockets of one worker that wait to report their end.
#[derive(Debug, Default)]
struct EndQueue {
    waiting: RefCell<VecDeque<Rc<EndTurn>>>,
    /// Whether a task gives turns to those that wait.
    is_running: Cell<bool>,
    /// The last millisecond in which an end did not wait, and how many there were in it.
    at_once: Cell<(u64, usize)>,
}

/// The turn of one socket to report its end.
#[derive(Debug, Default)]
pub(super) struct EndTurn {
    has_come: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl EndTurn {
    /// Takes the place of one socket in the queue of this thread.
    pub(super) fn wait() -> Rc<Self> {
        END_QUEUE.with(EndQueue::enter)
    }

    /// Whether the turn has come. If not, the task is woken when it comes.
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        if self.has_come.get() {
            return Poll::Ready(());
        }
        self.waker.replace(Some(cx.waker().clone()));
        Poll::Pending
    }

    fn come(&self) {
        self.has_come.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl EndQueue {
    fn enter(self: &Rc<Self>) -> Rc<EndTurn> {
        let turn = Rc::new(EndTurn::default());
        if !self.is_running.get() && self.may_end_at_once(mono_ms()) {
            turn.has_come.set(true);
            return turn;
        }
        self.waiting.borrow_mut().push_back(Rc::clone(&turn));
        if !self.is_running.replace(true) {
            actix_web::rt::spawn(Rc::clone(self).run());
        }
        turn
    }

    /// Counts an end that does not wait, if there may be another in this millisecond.
    fn may_end_at_once(&self, now: u64) -> bool {
        let (last, count) = self.at_once.get();
        let count = if last == now { count + 1 } else { 1 };
        if count > ENDS_PER_TURN {
            return false;
        }
        self.at_once.set((now, count));
        true
    }

    /// Gives turns until nobody waits. Everything else on the worker goes between two turns.
    async fn run(self: Rc<Self>) {
        loop {
            tokio::time::sleep(END_PAUSE).await;
            if !self.give_turns() {
                self.is_running.set(false);
                return;
            }
        }
    }

    /// Gives a turn to the first [`ENDS_PER_TURN`]. Returns whether others wait.
    fn give_turns(&self) -> bool {
        let mut given = 0;
        while given < ENDS_PER_TURN {
            let Some(next) = self.waiting.borrow_mut().pop_front() else { return false };
            // A socket that was dropped meanwhile needs none.
            if Rc::strong_count(&next) > 1 {
                next.come();
                given += 1;
            }
        }
        !self.waiting.borrow().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ready(turn: &EndTurn) -> bool {
        turn.poll(&Context::from_waker(Waker::noop())).is_ready()
    }

    fn ready_count(turns: &[Rc<EndTurn>]) -> usize {
        turns.iter().filter(|turn| is_ready(turn)).count()
    }

    #[test]
    fn an_end_waits_when_there_were_many_in_its_millisecond() {
        let queue = EndQueue::default();
        for now in [1, 2] {
            let at_once = (0..ENDS_PER_TURN + 1).filter(|_| queue.may_end_at_once(now)).count();
            assert_eq!(at_once, ENDS_PER_TURN);
        }
    }

    #[test]
    fn a_turn_ends_a_bounded_number_of_sockets() {
        for (count, expected, has_more) in [
            (ENDS_PER_TURN - 1, ENDS_PER_TURN - 1, false),
            (ENDS_PER_TURN, ENDS_PER_TURN, false),
            (ENDS_PER_TURN + 1, ENDS_PER_TURN, true),
        ] {
            let queue = EndQueue::default();
            let turns: Vec<_> = (0..count).map(|_| Rc::new(EndTurn::default())).collect();
            queue.waiting.borrow_mut().extend(turns.iter().cloned());
            // A socket that is gone takes no turn.
            queue.waiting.borrow_mut().push_front(Rc::default());
            assert_eq!(ready_count(&turns), 0);
            assert_eq!(queue.give_turns(), has_more, "{count}");
            assert_eq!(ready_count(&turns), expected, "{count}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn other_tasks_run_and_the_worker_rests_between_the_ends_of_many_sockets() {
        let queue = Rc::new(EndQueue::default());
        queue.is_running.set(true);
        let turns: Vec<_> = (0..3 * ENDS_PER_TURN).map(|_| queue.enter()).collect();
        let mut seen = Vec::new();
        let begin = tokio::time::Instant::now();
        let other = async {
            // The clock steps only when every task waits.
            while ready_count(&turns) < turns.len() {
                tokio::time::sleep(END_PAUSE).await;
                let count = ready_count(&turns);
                if seen.last() != Some(&count) {
                    seen.push(count);
                }
            }
        };
        tokio::join!(biased; Rc::clone(&queue).run(), other);
        assert_eq!(seen, [1, 2, 3].map(|turns| turns * ENDS_PER_TURN));
        assert!(begin.elapsed() >= 3 * END_PAUSE, "{:?}", begin.elapsed());
        assert!(!queue.is_running.get());
    }
}
