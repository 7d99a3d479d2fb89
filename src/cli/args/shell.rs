//! The arguments of `cairn completions` and `cairn man`.

use std::path::PathBuf;

use clap::ValueHint;
use clap_complete::Shell;

const COMPLETIONS: &str = "\
Examples:
  cairn completions bash > ~/.local/share/bash-completion/completions/cairn
    For bash, with the package bash-completion
  cairn completions zsh > ~/.zfunc/_cairn
    For zsh, with fpath+=~/.zfunc before compinit in ~/.zshrc
  cairn completions fish > ~/.config/fish/completions/cairn.fish
    For fish
  cairn completions powershell >> $PROFILE
    For PowerShell
  cairn completions elvish >> ~/.config/elvish/rc.elv
    For Elvish";

#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETIONS)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(in crate::cli) shell: Shell,
}

const MAN: &str = "\
Examples:
  cairn man ~/.local/share/man/man1
    Write the pages where `man cairn` and `man cairn-fit` find them
  cairn man . && man ./cairn-fit.1
    Write them here, and read one";

#[derive(Debug, clap::Args)]
#[command(after_help = MAN)]
pub(in crate::cli) struct ManArgs {
    /// Folder to write to, which must be there: cairn.1, and a page for each subcommand
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) dir: PathBuf,
}
