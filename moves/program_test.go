package moves

// program_test.go answers: how does a test here run the program?

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
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
	exitFindings = 3
	exitRefused  = 4
)

// killAtRecord names the variable at which record of its journal the program dies.
const killAtRecord = "HIKKOSHI_KILL_AT_RECORD"

// program is built by TestMain.
var program labtest.Program

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		os.Exit(m.Run())
	}
	os.Exit(withProgram(m))
}

// withProgram fetches and builds before the tests' own time begins.
func withProgram(m *testing.M) int {
	folder, err := os.MkdirTemp("", "hikkoshi-moves-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }() // the tests have their verdict
	program.Path = filepath.Join(folder, "hikkoshi")
	if output, err := exec.Command("go", "build", "-o", program.Path, "../cmd/hikkoshi").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, output)
		return 1
	}
	if err := lab.Fetch(context.Background(), nil, "1.7.6", "2.3.2", "5.5.2", "6.8.23", "7.10.2", "os1.3.20", "os2.19.3"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
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
