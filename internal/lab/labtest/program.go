package labtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab"
)

// Program is hikkoshi as a process of its own: a binary, with what is added to this process's environment.
type Program struct {
	Path        string
	Environment []string
}

// KillAtRecord names the variable with the record of its journal behind which the program kills itself; 0 is none.
const KillAtRecord = "HIKKOSHI_KILL_AT_RECORD"

// secretKey names the variable whose value the program may not print.
const secretKey = "AWS_SECRET_ACCESS_KEY"

// Main runs a package's tests with a program that is built, and versions that are fetched, before their own time begins. It
// gives the exit code. Under -short, where no node starts, there is no program.
func Main(m *testing.M, program *Program, versions ...string) int {
	flag.Parse()
	if testing.Short() {
		return m.Run()
	}
	folder, err := os.MkdirTemp("", "hikkoshi-program-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }() // the tests have their verdict
	program.Path = filepath.Join(folder, "hikkoshi")
	output, err := exec.Command("go", "build", "-o", program.Path, "github.com/hikkoshi/hikkoshi/cmd/hikkoshi").CombinedOutput()
	if err = errors.Join(err, lab.Fetch(context.Background(), nil, versions...)); err != nil {
		fmt.Fprintf(os.Stderr, "prepare the program and its nodes: %v\n%s", err, output)
		return 1
	}
	return m.Run()
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

// Killed runs it until its journal has so many records, 0 for all. killed says that it came so far; otherwise it must be
// done with its work.
func (p Program) Killed(t testing.TB, environment []string, record int, arguments ...string) (killed bool) {
	t.Helper()
	code, output := p.Attempt(t, append(slices.Clip(environment), fmt.Sprintf("%s=%d", KillAtRecord, record)), arguments...)
	for _, variable := range environment {
		if secret, is := strings.CutPrefix(variable, secretKey+"="); is && strings.Contains(output, secret) {
			t.Errorf("hikkoshi %v prints the secret key", arguments)
		}
	}
	if code > 0 || code < 0 && record == 0 {
		t.Fatalf("hikkoshi %v, killed at record %d: exit code %d\n%s", arguments, record, code, output)
	}
	return code < 0
}

// UntilDone runs one verb again and again, killed at each record of the journal in turn, until a run ends by itself. It
// gives the next record and how often it was killed.
func (p Program) UntilDone(t testing.TB, environment []string, next int, arguments ...string) (record, kills int) {
	t.Helper()
	for ; p.Killed(t, environment, next, arguments...); next++ {
		t.Logf("%s was killed at record %d", arguments[0], next)
		kills++
	}
	return next, kills
}

// WriteFile writes a text file for its owner alone.
func WriteFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
