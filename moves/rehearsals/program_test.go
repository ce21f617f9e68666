package rehearsals

// program_test.go answers: how does a test here run the program?

import (
	"os"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/steps"
)

// What the program promises of its exit codes.
const (
	exitDone        = 0
	exitWrongUse    = 2
	exitFindings    = 3
	exitRefused     = 4
	exitInterrupted = 130
)

// program is built by TestMain.
var program labtest.Program

func TestMain(m *testing.M) {
	os.Exit(labtest.Main(m, &program, "2.3.2", "5.5.2", "7.10.2", "os2.19.3"))
}

// wantedIn reads a migration.
func wantedIn(t *testing.T, config string) *migration.Migration {
	t.Helper()
	wanted, err := migration.Load(config)
	if err != nil {
		t.Fatal(err)
	}
	return wanted
}

// readRehearsal gives the last rehearsal of a migration.
func readRehearsal(t *testing.T, config string) *steps.Rehearsal {
	t.Helper()
	rehearsal, err := steps.LoadRehearsal(wantedIn(t, config))
	if err != nil || rehearsal == nil {
		t.Fatalf("no rehearsal: %v", err)
	}
	return rehearsal
}
