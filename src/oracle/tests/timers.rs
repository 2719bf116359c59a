use super::NONE;
