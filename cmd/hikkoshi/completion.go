package main

// completion.go answers: how does a shell complete verbs and flags? The script asks the program for its own help model.

import (
	"context"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run writes a completion script for the shell, to be sourced.
func (c *completionCommand) Run(_ context.Context, call *invocation, program *kong.Kong) error {
	words := map[string][]string{}
	collect(program.Model.Node, "", words)
	switch c.Shell {
	case "fish":
		call.View.Print(fishScript(words))
	case "zsh":
		call.View.Print("autoload -U +X bashcompinit && bashcompinit\n" + bashScript(words))
	default:
		call.View.Print(bashScript(words))
	}
	return nil
}

// collect gathers, for each chain of verbs, the verbs and flags that may follow it.
func collect(node *kong.Node, chain string, words map[string][]string) {
	for _, child := range node.Children {
		if !child.Hidden {
			words[chain] = append(words[chain], child.Name)
			collect(child, strings.TrimSpace(chain+" "+child.Name), words)
		}
	}
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			words[chain] = append(words[chain], "--"+flag.Name)
		}
	}
}

func bashScript(words map[string][]string) string {
	var script strings.Builder
	script.WriteString("_hikkoshi() {\n  local chain=\"\" word\n  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case \"$word\" in -*) ;; *) chain=\"${chain:+$chain }$word\" ;; esac\n  done\n  local words\n  case \"$chain\" in\n")
	for chain, list := range words {
		fmt.Fprintf(&script, "    %q) words=%q ;;\n", chain, strings.Join(list, " "))
	}
	script.WriteString("    *) words=\"\" ;;\n  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -o default -F _hikkoshi hikkoshi\n")
	return script.String()
}

func fishScript(words map[string][]string) string {
	var script strings.Builder
	for chain, list := range words {
		condition := "__fish_use_subcommand"
		if chain != "" {
			condition = "__fish_seen_subcommand_from " + chain[strings.LastIndex(chain, " ")+1:]
		}
		for _, word := range list {
			if name, isFlag := strings.CutPrefix(word, "--"); isFlag {
				fmt.Fprintf(&script, "complete -c hikkoshi -n '%s' -l %s\n", condition, name)
			} else {
				fmt.Fprintf(&script, "complete -c hikkoshi -n '%s' -f -a %s\n", condition, word)
			}
		}
	}
	return script.String()
}
