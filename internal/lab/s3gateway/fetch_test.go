package s3gateway

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway/tool"
)

func TestAnotherProgramInTheCacheIsNotRun(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := checkBinary(self); err == nil || !strings.Contains(err.Error(), "not "+module) {
		t.Errorf("this test program passed for versitygw: %v", err)
	}
	torn := filepath.Join(t.TempDir(), "versitygw")
	if err := os.WriteFile(torn, []byte("\x7fELF half"), 0o755); err != nil {
		t.Fatal(err)
	}
	if checkBinary(torn) == nil {
		t.Error("a torn file passed for versitygw")
	}
}

func TestWithoutGoTheErrorSaysToInstallIt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(tool.CacheEnv, t.TempDir())
	if _, err := Fetch(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "install Go") {
		t.Errorf("got %v", err)
	}
}

func TestABuildWithoutAProxySaysToCheckTheNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("runs go install")
	}
	t.Setenv(tool.CacheEnv, t.TempDir())
	t.Setenv("GOPROXY", "http://127.0.0.1:1")
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("GOSUMDB", "off")
	if _, err := Fetch(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "check the network and GOPROXY") {
		t.Errorf("got %v", err)
	}
}

func TestGoesLinesBecomeProgressAndTheReasonIsKept(t *testing.T) {
	t.Parallel()
	var told []string
	said := &lines{progress: func(s string) { told = append(told, s) }}
	text := strings.Repeat("go: downloading a/b v1\n", progressStep) + strings.Repeat("crypto/tls\n", 2*progressStep) + "write /x: no space left on device\n"
	for _, part := range []string{text[:7], text[7:1000], text[1000:]} {
		if _, err := said.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if len(told) != 3 || !strings.HasPrefix(told[2], "versitygw: 50 of about") {
		t.Errorf("told %q", told)
	}
	if err := installHint(said.rest); !strings.Contains(err.Error(), "free about 1 GB") {
		t.Errorf("got %v", err)
	}
}
