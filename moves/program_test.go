package moves

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
