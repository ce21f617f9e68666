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
	"path/filepath"
	"testing"

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
	program.Killed(t, environment, 0, "plan", "-c", config)
	program.Refused(t, environment, exitRefused, []string{"there is no target yet to rehearse on"}, "plan", "-c", config, "--rehearse", "--yes")
	next := 1
	for _, verb := range []string{"apply", "cutover"} {
		var kills int
		next, kills = program.UntilDone(t, environment, next, verb, "-c", config, "--yes", "-q")
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
	if _, kills := program.UntilDone(t, environment, next, "retire", "-c", config, "--yes", "-q"); kills < 5 {
		t.Errorf("retire was killed only %d times", kills)
	}
	// The deletion was asked for once and is followed by status.
	program.Killed(t, environment, 0, "status", "-c", config)
	noSecret(t, stage.Folder, stage.Environment()["AWS_SECRET_ACCESS_KEY"])
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
	program.Killed(t, nil, 0, "plan", "-c", config)
	next, total := 1, 0
	for _, verb := range []string{"apply", "cutover", "retire"} {
		var kills int
		next, kills = program.UntilDone(t, nil, next, verb, "-c", config, "--yes", "-q")
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
