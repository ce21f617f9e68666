package cutover

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAnAddressBelongsToTheSourceUnderAnyOfItsNames(t *testing.T) {
	t.Parallel()
	source := Endpoint{URL: "https://Search-Logs.eu-west-1.es.amazonaws.com", Also: []string{"node2:9200", "anyport", "[fd00::1]:9200", "http://third:9201/x"}}
	local := Endpoint{URL: "http://127.0.0.1:9200"}
	for _, c := range []struct {
		of   Endpoint
		url  string
		want bool
	}{
		{source, "https://search-logs.eu-west-1.es.amazonaws.com.", true},
		{source, "http://search-logs.eu-west-1.es.amazonaws.com:80", true},
		{source, "http://search-logs.eu-west-1.es.amazonaws.com:9200", false},
		{source, "http://node2:9200", true},
		{source, "http://node2:9300", false},
		{source, "http://anyport:1", true},
		{source, "http://[fd00::1]:9200", true},
		{source, "http://third:9201", true},
		{source, "https://search-logs2.eu-west-1.es.amazonaws.com", false},
		{local, "http://localhost:9200", true},
		{local, "http://[::1]:9200", true},
		{local, "http://localhost:9201", false},
	} {
		a, err := parseAddress(c.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.of.names(a); got != c.want {
			t.Errorf("%s is %s: %v", c.url, c.of.URL, got)
		}
	}
	for _, bad := range []string{"", "old:9200", "ftp://x", "http://", "http://x:0", "http://x:99999", "http://u:hunter2@[bad"} {
		if _, err := parseAddress(bad); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestPatternsFindWhatRubyFinds(t *testing.T) {
	t.Parallel()
	folder := unpack(t, map[string]string{"a.conf": "", "b.conf": "", ".c.conf": "", "d.conf.bak": "", "x/e.conf": "", "x/y/f.conf": "", "x/.z/g.conf": ""}, same)
	for pattern, want := range map[string][]string{
		"*.conf": {"a.conf", "b.conf"}, "*": {"a.conf", "b.conf", "d.conf.bak", "x"}, "{a,b,x/e}.conf": {"a.conf", "b.conf", "x/e.conf"},
		"**/*.conf": {"a.conf", "b.conf", "x/e.conf", "x/y/f.conf"}, "x/**/f.conf": {"x/y/f.conf"}, ".*.conf": {".c.conf"}, "[ab].conf": {"a.conf", "b.conf"},
		"?.conf": {"a.conf", "b.conf"}, "none/*.conf": nil, "a.conf": {"a.conf"}, "a.conf/x": nil, "{a{.conf,x},q}": {"a.conf"}, "{a": nil,
	} {
		got, err := glob(filepath.Join(folder, pattern))
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], folder+"/")
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s finds %q, want %q", pattern, got, want)
		}
	}
	if _, err := glob(filepath.Join(folder, "[")); err == nil {
		t.Error("a bad pattern finds nothing in silence")
	}
	if got := len(expandBraces(strings.Repeat("{a,b}", 40))); got > 2*maxAlternatives {
		t.Errorf("%d alternatives", got)
	}
}

func TestVersionsAreReadOffTheFoldersOfGems(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, gem := range []string{"fluentd-1.9.2", "fluentd-1.16.2", "fluent-plugin-elasticsearch-2.9.2", "elasticsearch-7.13.3", "elasticsearch-api-8.0.0", "fluent-plugin-elasticsearch-old"} {
		if err := os.MkdirAll(filepath.Join(folder, "3.1.0", "gems", gem), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	found := findGems([]string{filepath.Join(folder, "*", "gems"), "/nowhere"})
	if !slices.Equal(found.fluentd, []int{1, 16, 2}) || !slices.Equal(found.plugin, []int{2, 9, 2}) || !slices.Equal(found.client, []int{7, 13, 3}) {
		t.Errorf("%+v", found)
	}
	for version, drops := range map[string]bool{"1.15.2": true, "1.16.0": false, "2.0.0": true, "2.9.2": true, "2.10.0": false, "5.0.0": false} {
		if (gems{plugin: parseGemVersion(version)}).dropsRefusedItems() != drops {
			t.Errorf("plugin %s drops refused items: not %v", version, drops)
		}
	}
}

func TestOneWriterThatWouldDropEventsForbidsTheFenceForAll(t *testing.T) {
	t.Parallel()
	good := Change{Kind: "fluentd", Name: "a", Fence: Fence{Allowed: true}}
	bad := Change{Kind: "rsyslog", Name: "b", Fence: Fence{Reason: "it drops"}}
	if verdict := MayFence([]Change{good, bad}); verdict.Allowed || verdict.Reason != "rsyslog b: it drops" {
		t.Errorf("%+v", verdict)
	}
	if !MayFence([]Change{good}).Allowed {
		t.Error("writers that keep everything may be fenced")
	}
	if MayFence(nil).Allowed {
		t.Error("unknown writers may not be fenced")
	}
}

func TestSecretsAreMaskedInTheLanguagesOfAllWriters(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"  password hunter2", "\tpassword\t\"hunter2 x\"", "  secret_access_key 'hunter2'", `pwd="hunter2"`, `pwd = "a\"hunter2"`, "    HTTP_Passwd  hunter2",
		`password => "hunter2"`, "http_passwd: hunter2", "url https://user:hunter2@host/", "hosts http://u:hunter2@a:9200,http://v:hunter2@b", "cloud_auth elastic:hunter2",
		"api_key hunter2", "apikey=\"hunter2\"", "client_key_pass hunter2", "+  shared_key hunter2",
	} {
		if got := maskSecrets(text); strings.Contains(got, "hunter2") || !strings.Contains(got, masked) {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := maskSecrets("host old # the password policy is elsewhere"); !strings.HasPrefix(got, "host old") {
		t.Errorf("%q", got)
	}
}

func TestAnIncludeThatLeadsBackIsRefused(t *testing.T) {
	t.Parallel()
	folder := unpack(t, map[string]string{"a.conf": "@include b.conf\n", "b.conf": "@include a.conf\n"}, same)
	if _, err := loadFluentd(filepath.Join(folder, "a.conf")); err == nil || !strings.Contains(err.Error(), "includes itself") {
		t.Error(err)
	}
}

func TestADamagedStateOrBackupIsRefused(t *testing.T) {
	t.Parallel()
	f, _ := twoFiles(t)
	state, err := f.Apply(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v := f.vault(f.kind())
	backup := filepath.Join(v.dir, contentsDir, state.Files[0].Before)
	kept, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(backup, append(kept, 'x'), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Undo(t.Context()); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged backup: %v", err)
	}
	if err := os.WriteFile(v.stateFile(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Apply(t.Context()); err == nil {
		t.Error("a damaged state was taken for none")
	}
}
