package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/demo"
	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway"
)

// playHikkoshi makes this test binary be the program, so that a test can kill a real process.
const playHikkoshi = "HIKKOSHI_TEST_PLAY"

func TestMain(m *testing.M) {
	if os.Getenv(playHikkoshi) != "" {
		os.Exit(run(os.Args[1:]))
	}
	// Fetched before the tests' own time begins: on a fresh machine the S3 server alone takes minutes to compile.
	flag.Parse()
	if !testing.Short() {
		if err := errors.Join(lab.Fetch(context.Background(), nil, "2.3.2", "2.4.6", "5.5.2", "7.10.2", "os2.19.3"), fetchS3()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func fetchS3() error {
	_, err := s3gateway.Fetch(context.Background(), func(string) {})
	return err
}

// secretKey is the variable whose value nobody may see.
const secretKey = "AWS_SECRET_ACCESS_KEY"

// process runs the program as a process of its own. killed says that it was killed at its record.
func process(t *testing.T, environment []string, killAt int, arguments ...string) (killed bool) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], arguments...)
	command.Env = append(append(os.Environ(), playHikkoshi+"=1", killAtRecord+"="+strconv.Itoa(killAt)), environment...)
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGKILL {
			return true
		}
	}
	if err != nil {
		t.Fatalf("hikkoshi %v, killed at record %d: %v\n%s", arguments, killAt, err, output)
	}
	for _, variable := range environment {
		if secret, is := strings.CutPrefix(variable, secretKey+"="); is && bytes.Contains(output, []byte(secret)) {
			t.Errorf("hikkoshi %v prints the secret key", arguments)
		}
	}
	return false
}

// untilDone runs one verb again and again, killed at each record of the journal in turn, until a run ends by itself.
// It gives the next record and how often it was killed.
func untilDone(t *testing.T, environment []string, next int, arguments ...string) (int, int) {
	t.Helper()
	for kills := 0; ; kills++ {
		t.Logf("%s: %s until record %d", time.Now().Format(time.TimeOnly), arguments[0], next)
		if !process(t, environment, next, arguments...) {
			return next, kills
		}
		next++
	}
}

func TestADomainsMoveKilledAtEveryRecordLosesNothingOfARunningWriter(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	t.Parallel()
	stage, err := demo.Start(t.Context(), demo.Options{Documents: 300, Rate: 20, Folder: t.TempDir(), Tell: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stage.Close(); err != nil {
			t.Error(err)
		}
	})
	var environment []string
	for name, value := range stage.Environment() {
		environment = append(environment, name+"="+value)
	}
	config := filepath.Join(stage.Folder, "migration.yaml")
	labtest.WriteFile(t, config, stage.Migration())
	process(t, environment, 0, "plan", "-c", config)
	program.Refused(t, environment, exitRefused, []string{"there is no target yet to rehearse on"}, "plan", "-c", config, "--rehearse", "--yes")
	next := 1
	for _, verb := range []string{"apply", "cutover"} {
		var kills int
		next, kills = untilDone(t, environment, next, verb, "-c", config, "--yes", "-q")
		t.Logf("%s: killed %d times", verb, kills)
	}
	if err := stage.Shipper.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	verdict, err := stage.Judge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !verdict.Holds() {
		t.Errorf("%+v", verdict)
	}
	if _, kills := untilDone(t, environment, next, "retire", "-c", config, "--yes", "-q"); kills < 5 {
		t.Errorf("retire was killed only %d times", kills)
	}
	// The deletion was asked for once and is followed by status.
	process(t, environment, 0, "status", "-c", config)
	noSecret(t, stage.Folder, stage.Environment()[secretKey])
}

// noSecret looks for a secret in everything that was written below a folder: journal, plan, proof, backups, logs.
func noSecret(t *testing.T, folder, secret string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(secret)) {
			t.Errorf("%s holds the secret key", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Errorf("only %d files: this looked at the wrong place", files)
	}
}

func TestAMoveKilledAtEveryRecordOfItsJournalEndsAsIfNothingHadHappened(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "5.5.2", folder)
	if _, err := lab.Generate(t.Context(), source.URL(), "2.3.2", lab.Data{Seed: 2, NginxDocs: 200, Days: 2, Kibana: true}); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(folder, "migration.yaml")
	labtest.WriteFile(t, config, fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\ncutover: {quiet: 1s}\n", source.URL(), target.URL(), filepath.Join(folder, "repository")))
	process(t, nil, 0, "plan", "-c", config)
	next, total := 1, 0
	for _, verb := range []string{"apply", "cutover", "retire"} {
		var kills int
		next, kills = untilDone(t, nil, next, verb, "-c", config, "--yes", "-q")
		t.Logf("%s: killed %d times", verb, kills)
		if kills < 5 {
			t.Errorf("%s was killed only %d times: its journal is not what it should be", verb, kills)
		}
		total += kills
	}
	proof := readProof(t, filepath.Join(folder, ".hikkoshi", "migration", "proof.json"))
	if !proof.Holds || proof.Documents != 210 {
		t.Errorf("after %d kills: %+v", total, proof)
	}
	for _, row := range proof.Rows {
		if row.Surplus != 0 || row.Written != row.Found {
			t.Errorf("something stands twice or is missing: %+v", row)
		}
	}
	labtest.Call(t, http.MethodGet, source.URL()+"/_snapshot/hikkoshi/hikkoshi-migration-final", "")
}
