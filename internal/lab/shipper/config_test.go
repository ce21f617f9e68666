package shipper

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAConfigurationWithIncludesCopiesAndCommentsIsUnderstood(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "conf.d", "b.conf"), `
<match app.{x} nginx.**>   # two patterns
  @type copy
  <store>
    @type elasticsearch
    hosts https://user.example:9243/es/,other:9200
    index_name "with # hash"
    <buffer>
      @type file
      path /b
      flush_interval 1m
      chunk_limit_size 8k
    </buffer>
  </store>
  <store>
    @type elasticsearch
    host second
    <buffer>
      @type file
      path /c
    </buffer>
  </store>
</match>`)
	writeFile(t, filepath.Join(dir, "main.conf"), "# head\n<system>\n  rpc_endpoint 127.0.0.1:24444\n</system>\n@include conf.d/*.conf\n")
	c, err := loadConfig(filepath.Join(dir, "main.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if c.rpc != "127.0.0.1:24444" || len(c.outputs) != 2 {
		t.Fatalf("got %+v", c)
	}
	first, second := c.outputs[0], c.outputs[1]
	if first.url != "https://user.example:9243/es" || first.index != "with # hash" || first.buffer.flushInterval != time.Minute || first.buffer.chunkLimit != 8<<10 {
		t.Errorf("got %+v", first)
	}
	if second.url != "http://second:9200" || second.match != first.match {
		t.Errorf("got %+v", second)
	}
	for tag, want := range map[string]bool{"nginx": true, "nginx.access": true, "nginx.a.b": true, "nginxx": false, "app.y": false} {
		if first.matches(tag) != want {
			t.Errorf("%s matches: %v", tag, !want)
		}
	}
}

func TestConfigurationsThatTheShipperCannotFollowAreRefused(t *testing.T) {
	t.Parallel()
	buffer := "<buffer>\n@type file\npath /b\n</buffer>\n"
	for text, says := range map[string]string{
		"":              "no <match>",
		"<match **>\n":  "never closed",
		"</match>":      "closes nothing",
		"<match **":     "no closing",
		"@include main": "nested more than",
		"<match **>\n@type kafka\n" + buffer + "</match>":                                                                             "kafka",
		"<match **>\n@type elasticsearch\n</match>":                                                                                   "buffer",
		"<match **>\n@type elasticsearch\nport x\n" + buffer + "</match>":                                                             "no port",
		"<match **>\n@type elasticsearch\nhost \"#{ENV['H']}\"\n" + buffer + "</match>":                                               "embedded Ruby",
		"<match **>\n@type elasticsearch\n<buffer>\n@type file\npath /b\nflush_interval never\n</buffer>\n</match>":                   "no time",
		"<match **>\n@type elasticsearch\n<buffer>\n@type file\npath /b\nchunk_limit_size 99999999999999999999g\n</buffer>\n</match>": "no size",
		"<match **>\n@type elasticsearch\n<buffer>\n@type file\npath /b\nchunk_limit_size 9000000000000000000g\n</buffer>\n</match>":  "no size",
		"<match **>\n@type elasticsearch\n<buffer>\n@type file\npath /b\nchunk_limit_size -1\n</buffer>\n</match>":                    "no size",
		"<match **>\n@type copy\n<store>\n@type elasticsearch\nhosts http://[::1\n" + buffer + "</store>\n</match>":                   "hosts",
		"<match **>\n@type elasticsearch\n<buffer>\n@type memory\npath /b\n</buffer>\n</match>\n<match **>\n@type stdout\n</match>\n": "buffer",
	} {
		path := filepath.Join(t.TempDir(), "main")
		writeFile(t, path, text)
		if _, err := loadConfig(path); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s\ngave %v, want %q", text, err, says)
		}
	}
	if _, err := loadConfig(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
