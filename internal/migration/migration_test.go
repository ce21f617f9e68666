package migration

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const classic = `source:
  domain: nginx-logs
target:
  domain: nginx-logs-55
  version: "5.5"
aws:
  region: ap-northeast-1
repository:
  bucket: es-index-backups-example
writers:
  - fluentd: /etc/td-agent/td-agent.conf
`

func TestTheClassicMigrationIsShortAndTheRestHasDefaults(t *testing.T) {
	t.Parallel()
	migration, err := Parse("migration.yaml", []byte(classic))
	if err != nil {
		t.Fatal(err)
	}
	if migration.Name != "nginx-logs" || migration.Repository.Role != DefaultRole || migration.Repository.BasePath != "nginx-logs" ||
		migration.Kibana != KibanaMigrate || migration.Cutover.Quiet != DefaultQuiet || !migration.UsesAWS() {
		t.Errorf("%+v", migration)
	}
}

func TestEachMistakeIsToldWithItsLineOrKeyAndWhatToDo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ from, to, message, hint string }{
		"unknown key":         {"repository:", "repositry:", `migration.yaml:8: unknown key "repositry"`, `"repository"`},
		"unknown inner key":   {"  bucket:", "  buckett:", `migration.yaml:9: unknown key "buckett"`, `"bucket"`},
		"wrong type":          {"domain: nginx-logs\n", "domain: [a]\n", "migration.yaml:2", ""},
		"two ways to a side":  {"domain: nginx-logs\n", "domain: nginx-logs\n  url: http://a:1\n", "source: give either domain or url", "AWS domain"},
		"password in the URL": {"domain: nginx-logs\n", "url: http://u:secretpass@a:1\n", "source.url holds a password", "password_env"},
		"bad version":         {`"5.5"`, "five", "target.version", "like 5.5"},
		"bucket":              {"es-index-backups-example", "Es_Index", "not a bucket's name", "3 to 63"},
		"reserved repository": {"  bucket:", "  name: cs-auto\n  bucket:", "begins with cs-", "AWS"},
		"writer of two kinds": {"  - fluentd:", "  - alias: x\n    fluentd:", "exactly one of", "one entry"},
		"same cluster":        {"nginx-logs-55", "nginx-logs", "the same cluster", "blue/green"},
		"duplicate key":       {"aws:", "source: {}\naws:", "migration.yaml:6", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(classic, test.from, test.to, 1)
			_, err := Parse("migration.yaml", []byte(text))
			var mistake *Error
			if !errors.As(err, &mistake) {
				t.Fatalf("no mistake seen: %v", err)
			}
			if !strings.Contains(mistake.Error(), test.message) || !strings.Contains(mistake.Hint, test.hint) {
				t.Errorf("%s | %s", mistake, mistake.Hint)
			}
			if strings.Contains(mistake.Error(), "secretpass") {
				t.Error("the message holds the password")
			}
		})
	}
}

func TestAMissingFileSaysHowToMakeOne(t *testing.T) {
	t.Parallel()
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"))
	var mistake *Error
	if !errors.As(err, &mistake) || !strings.Contains(mistake.Hint, "hikkoshi init") {
		t.Errorf("%v", err)
	}
}

func TestStateLiesBesideTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "migration.yaml")
	if err := os.WriteFile(path, []byte(classic), 0o600); err != nil {
		t.Fatal(err)
	}
	migration, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(filepath.Dir(path), ".hikkoshi", "nginx-logs", "journal"); migration.StateFile("journal") != want {
		t.Errorf("%s", migration.StateFile("journal"))
	}
}
