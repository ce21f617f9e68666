package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway"
	"github.com/hikkoshi/hikkoshi/internal/recordings"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

// runSnapshot runs one of the verbs and gives what it printed and how it ended.
func runSnapshot(t *testing.T, asJSON bool, arguments ...string) (results, progress string, code int) {
	t.Helper()
	var command struct {
		Snapshot snapshotCommand `cmd:""`
	}
	parser, err := kong.New(&command, kong.Exit(func(int) { t.Fatal("kong left") }))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(append([]string{"snapshot"}, arguments...))
	if err != nil {
		return "", err.Error(), exitWrongUse
	}
	var out, progressOut bytes.Buffer
	view := &ui.View{JSON: asJSON, Results: &out, Progress: &progressOut}
	parsed.BindTo(t.Context(), (*context.Context)(nil))
	err = parsed.Run(&invocation{View: view, Yes: true})
	code = exitCode(err)
	if err != nil && !errors.Is(err, errFindings) {
		view.Error(err, hint(err), code)
	}
	return out.String(), progressOut.String(), code
}

func TestSnapshotVerbsOnARealRepository(t *testing.T) {
	t.Parallel()
	repo := "--repo=file://" + recordings.Repository(t, recordings.Folder(t, "2.3.2"), "repo")
	folder := filepath.Join(t.TempDir(), "out")
	for _, one := range []struct {
		arguments []string
		code      int
		contains  []string
	}{
		{[]string{"ls", repo}, exitDone, []string{"s1", "SUCCESS", "Elasticsearch 2.3.2", "2026-"}},
		{[]string{"show", repo, "--snapshot=s1"}, exitDone, []string{"legacy-multi", "Elasticsearch 2.3.2", "27 indices"}},
		{[]string{"show", repo, "-i", "nginx-*", "--details", "--global"}, exitDone, []string{`"mappings"`, `"fluentd"`, `"templates"`}},
		{[]string{"cat", repo, "-i", "family", "c0-0"}, exitDone, []string{`"_id":"c0-0"`, `"_parent":"p0"`, `"_routing":"p0"`}},
		{[]string{"cat", repo, "-i", "family", "c0-0", "nobody"}, exitFindings, []string{`No document "nobody"`}},
		{[]string{"export", repo, "--snapshot=s1", "-i", ".kibana-4", "--ordered"}, exitDone, []string{`{"_index":".kibana-4","_type":"index-pattern"`, "5 documents"}},
		{[]string{"export", repo, "-i", "nginx-access-*", "--where", "code=404", "--fields=code", "--limit=2"}, exitDone, []string{`"_source":{"code":`, "2 documents"}},
		{[]string{"export", repo, "-i", "five,six*", "-o", folder, "--compress=gzip"}, exitDone, []string{"out of 1 indices"}},
		{[]string{"export", repo, "-i", "five", "-o", folder, "--compress=gzip"}, exitFailed, []string{"--overwrite"}},
		{[]string{"export", repo, "-i", "nginz"}, exitFailed, []string{"no such index", "snapshot show"}},
		{[]string{"export", repo, "--snapshot=s9"}, exitFailed, []string{"no such snapshot", "s1 s2 s3"}},
		{[]string{"export", repo, "--where=code"}, exitWrongUse, []string{"FIELD=VALUE"}},
		{[]string{"export", repo, "--format=parquet"}, exitWrongUse, []string{"--output"}},
		{[]string{"check", repo}, exitDone, []string{"3 snapshots", "0 problems"}},
		{[]string{"check", repo, "--level=documents", "-i", "nested"}, exitDone, []string{"documents decoded"}},
		{[]string{"diff", repo, "s1", "s2", "--documents"}, exitFindings, []string{"new-in-s2", "added", "indices differ"}},
		{[]string{"diff", repo, "s1", "s1"}, exitDone, []string{"0 of 27 indices differ"}},
		{[]string{"delete", "s1"}, exitRefused, []string{"DELETE /_snapshot/NAME/s1", "damages the others"}},
		{[]string{"ls", "--repo=/nowhere/at/all"}, exitFailed, []string{"/nowhere/at/all"}},
		{[]string{"ls", "--repo=ftp://x/y"}, exitWrongUse, []string{"s3://bucket"}},
		{[]string{"ls"}, exitWrongUse, []string{"--repo"}},
	} {
		results, progress, code := runSnapshot(t, false, one.arguments...)
		if code != one.code {
			t.Errorf("%v ends with %d instead of %d: %s", one.arguments, code, one.code, progress)
		}
		for _, text := range one.contains {
			if !strings.Contains(results+progress, text) {
				t.Errorf("%v does not say %q:\n%.1500s%.1500s", one.arguments, text, results, progress)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "five.ndjson.gz")); err != nil {
		t.Error(err)
	}
}

func TestSnapshotResultsAreJSONOnRequest(t *testing.T) {
	t.Parallel()
	repo := "--repo=" + recordings.Repository(t, recordings.Folder(t, "8.19.0"), "raw")
	for _, arguments := range [][]string{{"ls", repo}, {"show", repo, "--global", "--details"}, {"check", repo}, {"diff", repo, "raw1", "raw1"}} {
		results, progress, code := runSnapshot(t, true, arguments...)
		if code != exitDone || !json.Valid([]byte(results)) || len(results) < 50 {
			t.Errorf("%v ends with %d: %.300s %s", arguments, code, results, progress)
		}
	}
}

func TestADamagedRepositoryIsDescribed(t *testing.T) {
	t.Parallel()
	directory := recordings.Repository(t, recordings.Folder(t, "5.5.2"), "raw")
	blobs, err := filepath.Glob(filepath.Join(directory, "indices", "*", "0", "__*.part1"))
	if err != nil || len(blobs) == 0 {
		t.Fatalf("no parts: %v", err)
	}
	if err := os.Remove(blobs[0]); err != nil {
		t.Fatal(err)
	}
	results, progress, code := runSnapshot(t, false, "check", "--repo="+directory)
	if relative, _ := filepath.Rel(directory, blobs[0]); code != exitFindings || !strings.Contains(results, filepath.ToSlash(relative)) ||
		!strings.Contains(results, "snapshot raw1, index big shard 0 segment _") || !strings.Contains(results, "the documents of the segment") ||
		!strings.Contains(results, "can't be read: index big, shard 0, segment _") {
		t.Errorf("check ends with %d: %s%s", code, results, progress)
	}
	if _, progress, code = runSnapshot(t, false, "export", "--repo="+directory); code != exitFailed || !strings.Contains(progress, "--keep-going") {
		t.Errorf("export ends with %d: %s", code, progress)
	}
	results, progress, code = runSnapshot(t, false, "export", "--repo="+directory, "--keep-going")
	if code != exitFindings || !strings.Contains(progress, "LOST: index big") || !strings.Contains(results, `{"_index":"ids"`) {
		t.Errorf("export --keep-going ends with %d: %s", code, progress)
	}
}

func TestSnapshotVerbsReadABucket(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real S3 server")
	}
	const key, secret = "labkey", "labsecretlabsecret"
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "backups", "some"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(recordings.Repository(t, recordings.Folder(t, "2.3.2"), "raw"), filepath.Join(root, "backups", "some", "base")); err != nil {
		t.Fatal(err)
	}
	gateway, err := s3gateway.Start(t.Context(), s3gateway.Options{Root: root, AccessKey: key, SecretKey: secret, Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	defer gateway.Stop()
	t.Setenv("AWS_ACCESS_KEY_ID", key)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_REGION", gateway.Region())
	endpoint := "--endpoint=" + gateway.URL()
	for _, one := range []struct {
		arguments []string
		code      int
		contains  string
	}{
		{[]string{"ls", "--repo=s3://backups/some/base", endpoint}, exitDone, "raw1"},
		{[]string{"check", "--repo=s3://backups/some/base", endpoint, "--level=documents"}, exitDone, "0 problems"},
		{[]string{"export", "--repo=s3://backups/some/base/", endpoint, "-i", "ids"}, exitDone, `{"_index":"ids"`},
		{[]string{"ls", "--repo=s3://backups/some", endpoint}, exitFailed, "base path is right when"},
		{[]string{"ls", "--repo=s3://elsewhere/x", endpoint}, exitFailed, "elsewhere"},
	} {
		results, progress, code := runSnapshot(t, false, one.arguments...)
		if code != one.code || !strings.Contains(results+progress, one.contains) {
			t.Errorf("%v ends with %d: %.800s %s", one.arguments, code, results, progress)
		}
	}
}
