//! The controllers on a cluster, with real Git: what a team sees from a push to running objects.

mod failures;
mod faults;
mod install;
mod legacy;
mod load;
