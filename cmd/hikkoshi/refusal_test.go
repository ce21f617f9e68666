package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway"
)

// program is this test binary, which plays it.
var program = labtest.Program{Path: os.Args[0], Environment: []string{playHikkoshi + "=1"}}

func migrationIn(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "migration.yaml")
	labtest.WriteFile(t, path, text)
	return path
}

func TestBadInputIsToldBeforeAnythingIsChanged(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "5.5.2", folder)
	if _, err := lab.Generate(t.Context(), source.URL(), "2.3.2", lab.Data{Seed: 3, NginxDocs: 50, Days: 1}); err != nil {
		t.Fatal(err)
	}
	between := func(from, to string) string {
		return fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\n", from, to, filepath.Join(folder, "repository"))
	}
	good := between(source.URL(), target.URL())

	t.Run("an unreachable address", func(t *testing.T) {
		program.Refused(t, nil, exitFailed, []string{"127.0.0.1:1"}, "plan", "-c", migrationIn(t, between("http://127.0.0.1:1", target.URL())))
	})
	t.Run("an unknown key", func(t *testing.T) {
		program.Refused(t, nil, exitWrongUse, []string{":4: unknown key", `"indices"`}, "plan", "-c", migrationIn(t, good+"indizes: {}\n"))
	})
	t.Run("a source newer than the target", func(t *testing.T) {
		program.Refused(t, nil, exitRefused, []string{"newer than the target"}, "plan", "-c", migrationIn(t, between(target.URL(), source.URL())))
	})
	t.Run("a missing password", func(t *testing.T) {
		text := strings.Replace(good, "source: {url: "+source.URL()+"}", "source: {url: "+source.URL()+", auth: {user: u, password_env: HIKKOSHI_NO_SUCH_VARIABLE}}", 1)
		program.Refused(t, nil, exitFailed, []string{"HIKKOSHI_NO_SUCH_VARIABLE is empty"}, "plan", "-c", migrationIn(t, text))
	})
	t.Run("a target that is not empty", func(t *testing.T) {
		labtest.Call(t, http.MethodPut, target.URL()+"/nginx-access-2017.09.10", "")
		program.Refused(t, nil, exitRefused, []string{"already holds an index", "indices.existing"}, "plan", "-c", migrationIn(t, good))
		labtest.Call(t, http.MethodDelete, target.URL()+"/nginx-access-2017.09.10", "")
	})
	t.Run("a plan older than the source", func(t *testing.T) {
		config := migrationIn(t, good)
		if code, output := program.Attempt(t, nil, "plan", "-c", config); code != exitDone {
			t.Fatalf("plan: %d\n%s", code, output)
		}
		for _, verb := range []string{"sync", "verify"} {
			program.Refused(t, nil, exitRefused, []string{"not loaded yet", "hikkoshi apply"}, verb, "-c", config)
		}
		labtest.Call(t, http.MethodPut, source.URL()+"/made-since", "")
		program.Refused(t, nil, exitRefused, []string{"stale", "made-since is new"}, "apply", "--yes", "-c", config)
		labtest.Call(t, http.MethodDelete, source.URL()+"/made-since", "")
	})
	t.Run("nobody there to say yes", func(t *testing.T) {
		config := migrationIn(t, good)
		if code, output := program.Attempt(t, nil, "plan", "-c", config); code != exitDone {
			t.Fatalf("plan: %d\n%s", code, output)
		}
		program.Refused(t, nil, exitRefused, []string{"--yes"}, "apply", "-c", config)
	})
	t.Run("a snapshot of that name", func(t *testing.T) {
		labtest.Call(t, http.MethodPut, source.URL()+"/_snapshot/hikkoshi", fmt.Sprintf(`{"type":"fs","settings":{"location":%q}}`, filepath.Join(folder, "repository")))
		labtest.Call(t, http.MethodPut, source.URL()+"/_snapshot/hikkoshi/hikkoshi-migration-1?wait_for_completion=true", "")
		program.Refused(t, nil, exitRefused, []string{"hikkoshi-migration-1 lies there already"}, "plan", "-c", migrationIn(t, good))
		labtest.Call(t, http.MethodDelete, source.URL()+"/_snapshot/hikkoshi/hikkoshi-migration-1", "")
		labtest.Call(t, http.MethodDelete, source.URL()+"/_snapshot/hikkoshi", "")
	})
	t.Run("a closed index", func(t *testing.T) {
		labtest.Call(t, http.MethodPut, source.URL()+"/shut", "")
		// A primary that is still starting cannot be closed on 2.3.
		labtest.Call(t, http.MethodGet, source.URL()+"/_cluster/health/shut?wait_for_status=yellow&timeout=5m", "")
		labtest.Call(t, http.MethodPost, source.URL()+"/shut/_close", "")
		program.Refused(t, nil, exitRefused, []string{"shut", "leave closed indices out", "indices.closed"}, "plan", "-c", migrationIn(t, good))
		labtest.Call(t, http.MethodDelete, source.URL()+"/shut", "")
	})
	t.Run("a red source", func(t *testing.T) {
		labtest.Call(t, http.MethodPut, source.URL()+"/nowhere", `{"settings":{"index.routing.allocation.require.box":"none"}}`)
		program.Refused(t, nil, exitRefused, []string{"red", "nowhere"}, "plan", "-c", migrationIn(t, good))
		labtest.Call(t, http.MethodDelete, source.URL()+"/nowhere", "")
	})
	for _, path := range []string{filepath.Join(folder, "repository", "index")} {
		if content, err := os.ReadFile(path); err == nil && strings.Contains(string(content), "hikkoshi-") {
			t.Errorf("%s: a refused run left something: %s", path, content)
		}
	}
	t.Run("AWS", func(t *testing.T) { awsRefusals(t, folder, source.URL()) })
}

const (
	testKey    = "AKIATESTTESTTESTTEST"
	testSecret = "a-secret-that-must-not-be-seen"
)

// awsRefusals are the mistakes that only a domain can have.
func awsRefusals(t *testing.T, folder, node string) {
	root := filepath.Join(folder, "s3")
	storage, err := s3gateway.Start(t.Context(), s3gateway.Options{Root: root, AccessKey: testKey, SecretKey: testSecret, Region: "us-west-2", Progress: func(text string) { t.Log(text) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(storage.Stop)
	start := func(t *testing.T, clock func() time.Time) *fakeaws.Server {
		t.Helper()
		server, err := fakeaws.Start(t.Context(), fakeaws.Options{Region: "us-west-2", AccessKey: testKey, SecretKey: testSecret, Now: clock,
			S3URL: storage.URL(), S3AccessKey: testKey, S3SecretKey: testSecret, S3Root: root})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		})
		if err := server.Adopt(fakeaws.DomainSpec{Name: "old-logs", EngineVersion: "Elasticsearch_2.3", InstanceType: "m3.medium.search", InstanceCount: 1}, node); err != nil {
			t.Fatal(err)
		}
		return server
	}
	server := start(t, nil)
	with := func(server *fakeaws.Server, changes ...string) []string {
		return append([]string{"AWS_ACCESS_KEY_ID=" + testKey, "AWS_SECRET_ACCESS_KEY=" + testSecret, "AWS_REGION=us-west-2", "AWS_ENDPOINT_URL=" + server.URL()}, changes...)
	}
	text := "source: {domain: old-logs}\ntarget: {domain: new-logs, version: '5.5'}\nrepository: {bucket: old-logs-backups}\n"
	plan := func(t *testing.T, environment []string, code int, parts ...string) {
		t.Helper()
		program.Refused(t, environment, code, parts, "plan", "-c", migrationIn(t, text))
	}
	t.Run("a wrong secret", func(t *testing.T) {
		plan(t, with(server, "AWS_SECRET_ACCESS_KEY=wrong-secret"), exitFailed, "credentials")
	})
	t.Run("a wrong region", func(t *testing.T) {
		plan(t, with(server, "AWS_REGION=eu-west-1"), exitFailed, "region")
	})
	t.Run("a clock that is wrong", func(t *testing.T) {
		plan(t, with(start(t, func() time.Time { return time.Now().Add(time.Hour) })), exitFailed, "clock")
	})
	t.Run("a domain that does not exist", func(t *testing.T) {
		program.Refused(t, with(server), exitFailed, []string{"nobody-logs"}, "plan", "-c", migrationIn(t, strings.ReplaceAll(text, "old-logs}", "nobody-logs}")))
	})
	t.Run("a bucket in another region", func(t *testing.T) {
		if err := os.MkdirAll(filepath.Join(root, "old-logs-backups"), 0o700); err != nil {
			t.Fatal(err)
		}
		server.SetBucketRegion("old-logs-backups", "eu-west-1")
		plan(t, with(server), exitRefused, "eu-west-1")
	})
	for _, call := range server.Calls() {
		if strings.HasPrefix(call.Action, "Create") || strings.HasPrefix(call.Action, "Put") {
			t.Errorf("a refused plan changed something: %s", call.Action)
		}
	}
}
