//! The table of Kafka's property names: which exist, for whom, with what default and range, and what groupsim does with them.
