"""The scripts that `headgate completion` prints. Each asks Headgate for what can stand at the cursor."""

BASH = r"""# Completion of headgate for bash. Try it: source <(headgate completion bash)
# To keep it: headgate completion bash > ~/.local/share/bash-completion/completions/headgate
_headgate() {
    local value text current="${COMP_WORDS[COMP_CWORD]}"
    COMPREPLY=()
    [[ $current == "=" ]] && current=""
    while IFS=$'\t' read -r value text; do
        case $value in
            :files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
            :folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
            *) COMPREPLY+=("$value") ;;
        esac
    done < <("$1" completion-words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _headgate headgate
"""

ZSH = r"""#compdef headgate
# Completion of headgate for zsh. Try it: source <(headgate completion zsh)
# To keep it: headgate completion zsh > "${fpath[1]}/_headgate", then begin a new shell.
_headgate() {
    local line
    local -a found
    for line in "${(@f)$("${words[1]}" completion-words "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        case $line in
            ':files'*) _files; return ;;
            ':folders'*) _files -/; return ;;
            ?*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
        esac
    done
    (( $#found )) && _describe 'headgate' found
}
if [[ ${funcstack[1]} == _headgate ]]; then _headgate "$@"; else compdef _headgate headgate; fi
"""

FISH = r"""# Completion of headgate for fish. Try it: headgate completion fish | source
# To keep it: headgate completion fish > ~/.config/fish/completions/headgate.fish
function __headgate_complete
    set -l given (commandline -opc)
    set -l current (commandline -ct)
    for line in ($given[1] completion-words $given[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':files*'
                __fish_complete_path "$current"
            case ':folders*'
                __fish_complete_directories "$current"
            case '*'
                echo $line
        end
    end
end
complete -c headgate -f -a '(__headgate_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
