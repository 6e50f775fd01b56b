//! Replay: the recorded run once more, every decision compared with the one that was taken.
