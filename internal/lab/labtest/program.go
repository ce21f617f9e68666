package labtest

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Program is hikkoshi as a process of its own: a binary, with what is added to this process's environment.
type Program struct {
	Path        string
	Environment []string
}

// Attempt runs it with still more environment and gives its exit code, -1 when a signal ended it, and all that it said.
func (p Program) Attempt(t testing.TB, environment []string, arguments ...string) (code int, output string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), p.Path, arguments...)
	command.Env = append(append(os.Environ(), p.Environment...), environment...)
	said, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(said)
}

// Refused wants an exit code and every part of the program's words, with advice among them.
func (p Program) Refused(t testing.TB, environment []string, code int, parts []string, arguments ...string) {
	t.Helper()
	got, output := p.Attempt(t, environment, arguments...)
	if got != code {
		t.Errorf("hikkoshi %s: exit code %d, want %d\n%s", strings.Join(arguments, " "), got, code, output)
	}
	for _, part := range append(parts, "what to do") {
		if !strings.Contains(output, part) {
			t.Errorf("hikkoshi %s does not say %q:\n%s", strings.Join(arguments, " "), part, output)
		}
	}
}

// WriteFile writes a text file for its owner alone.
func WriteFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
