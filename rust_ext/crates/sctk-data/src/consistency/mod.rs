//! How far several answers to one question agree.
