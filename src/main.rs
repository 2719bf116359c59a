//! The `groupsim` command; everything is in [`groupsim::cli`].

fn main() -> std::process::ExitCode {
    groupsim::cli::main()
}
