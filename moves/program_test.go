package moves

// program_test.go answers: how does a test here run the program?

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/steps"
)

// What the program promises of its exit codes.
const (
	exitDone     = 0
	exitFailed   = 1
	exitFindings = 3
	exitRefused  = 4
)

// program is built by TestMain.
var program labtest.Program

func TestMain(m *testing.M) {
	os.Exit(labtest.Main(m, &program, "1.7.6", "2.3.2", "5.5.2", "6.8.23", "7.10.2", "os1.3.20", "os2.19.3"))
}

// readProof gives the last proof of a migration.
func readProof(t *testing.T, config string) steps.Proof {
	t.Helper()
	wanted, err := migration.Load(config)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := steps.LoadProof(wanted)
	if err != nil {
		t.Fatal(err)
	}
	return proof
}

// migrationBetween writes a migration with a repository of its own, and what more it says.
func migrationBetween(t *testing.T, folder string, source, target *lab.Node, more string) string {
	t.Helper()
	config := filepath.Join(folder, "migration.yaml")
	labtest.WriteFile(t, config, fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\n%s", source.URL(), target.URL(), filepath.Join(folder, "repository"), more))
	return config
}

// doing runs verbs that must succeed, and gives what they say.
func doing(t *testing.T, config string) func(verb string) string {
	return func(verb string) string {
		t.Helper()
		code, output := program.Attempt(t, nil, verb, "-c", config, "--yes")
		if code != exitDone {
			t.Fatalf("%s: exit code %d\n%s", verb, code, output)
		}
		return output
	}
}
