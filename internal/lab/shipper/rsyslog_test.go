package shipper

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

func TestRsyslogRePointedUnderLoadLosesAndDoublesNothing(t *testing.T) {
	if _, err := findRsyslog(); errors.Is(err, ErrNoRsyslog) {
		t.Skip(err)
	}
	from, to := labtest.Pair(t, "2.3.2", "5.5.2")
	dir := t.TempDir()
	r, err := StartRsyslog(t.Context(), RsyslogOptions{Dir: dir, URL: from.URL(), Rate: 200})
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	t.Cleanup(func() {
		if stopped {
			return
		}
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	until(t, dir, func() bool { return count(t, from.URL()) >= 100 })
	text, err := os.ReadFile(r.ConfigPath())
	if err != nil {
		t.Fatal(err)
	}
	port := func(url string) string { return url[strings.LastIndexByte(url, ':')+1:] }
	moved := strings.Replace(string(text), `serverport="`+port(from.URL()), `serverport="`+port(to.URL()), 1)
	if err := os.WriteFile(r.ConfigPath(), []byte(moved), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, dir, func() bool { return count(t, to.URL()) >= 100 })
	r.Pause(true)
	// An event may be on both sides under one id, when rsyslogd was stopped between a send and its answer; it must not be on none.
	until(t, dir, func() bool { return int64(count(t, from.URL())+count(t, to.URL())) >= r.Made() })
	stopped = true
	if err := r.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if refused, err := os.ReadFile(filepath.Join(dir, "refused.json")); err == nil {
		t.Errorf("rsyslog put events aside: %.500s", refused)
	}
}

func until(t *testing.T, dir string, enough func() bool) {
	t.Helper()
	for !enough() {
		select {
		case <-t.Context().Done():
			out, _ := os.ReadFile(filepath.Join(dir, "rsyslogd.out"))
			t.Fatalf("waited in vain; rsyslogd said: %s", out)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
