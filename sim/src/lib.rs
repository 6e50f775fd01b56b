//! The world of wattloop: a data hall's physics, stepped. Knows no control.
