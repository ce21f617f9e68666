package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway"
)

func TestWhatTheRealS3PluginWroteIsReadOutOfTheBucketWithoutItsCluster(t *testing.T) {
	const key, secret = "labkey", "labsecretlabsecret"
	// The plugin's old SDK signs version 2 for a foreign endpoint unless told otherwise; the server takes only version 4.
	node := labtest.NodeWith(t, lab.Options{Version: "2.4.6", Settings: map[string]string{"cloud.aws.s3.signer": "AWSS3V4SignerType"}})
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "es-snap"), 0o700); err != nil {
		t.Fatal(err)
	}
	gateway, err := s3gateway.Start(t.Context(), s3gateway.Options{Root: root, AccessKey: key, SecretKey: secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gateway.Stop)
	summary, err := lab.Generate(t.Context(), node.URL(), "2.4.6", lab.Data{Seed: 5, NginxDocs: 300, Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	labtest.Call(t, http.MethodPut, node.URL()+"/_snapshot/s3", fmt.Sprintf(`{"type":"s3","settings":{"bucket":"es-snap","endpoint":%q,"protocol":"http","access_key":%q,"secret_key":%q,"base_path":"b"}}`,
		strings.TrimPrefix(gateway.URL(), "http://"), key, secret))
	labtest.Call(t, http.MethodPut, node.URL()+"/_snapshot/s3/s1?wait_for_completion=true", "")
	node.Kill()
	t.Setenv("AWS_ACCESS_KEY_ID", key)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_REGION", gateway.Region())
	endpoint := "--endpoint=" + gateway.URL()
	listed, progress, code := runSnapshot(t, false, "ls", "--repo=s3://es-snap/b", endpoint)
	if code != exitDone || !strings.Contains(listed, "s1") || !strings.Contains(listed, "SUCCESS") {
		t.Errorf("ls ends with %d: %s %s", code, listed, progress)
	}
	exported, progress, code := runSnapshot(t, false, "export", "--repo=s3://es-snap/b", "--snapshot=s1", endpoint)
	if lines := strings.Count(exported, "\n"); code != exitDone || lines != summary.Total() {
		t.Errorf("export ends with %d: %d documents, generated %d; %s", code, lines, summary.Total(), progress)
	}
}
