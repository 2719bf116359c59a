//! The virtual-time driver (floor 4).
