package s3gateway_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

func TestRealElasticsearchWithTheRealS3PluginKeepsItsSnapshotsHere(t *testing.T) {
	g := start(t)
	c := client(g, testKey, testSecret)
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("es-snap")}); err != nil {
		t.Fatal(err)
	}
	// The plugin's old SDK signs version 2 for a foreign endpoint unless told otherwise; the server takes only version 4.
	node := labtest.NodeWith(t, lab.Options{Version: "2.4.6", Settings: map[string]string{"cloud.aws.s3.signer": "AWSS3V4SignerType"}})
	call := func(method, path, body, part string) {
		t.Helper()
		if text := labtest.Call(t, method, node.URL()+path, body); !strings.Contains(text, part) {
			t.Fatalf("%s %s: %s", method, path, text)
		}
	}
	address := strings.TrimPrefix(g.URL(), "http://")
	call("PUT", "/_snapshot/s3", `{"type":"s3","settings":{"bucket":"es-snap","endpoint":"`+address+`","protocol":"http","access_key":"`+testKey+`","secret_key":"`+testSecret+`","base_path":"b"}}`, `"acknowledged":true`)
	call("PUT", "/logs/line/1?refresh=true", `{"n":1}`, `"created":true`)
	call("PUT", "/_snapshot/s3/s1?wait_for_completion=true", "", `"state":"SUCCESS"`)
	call("PUT", "/logs/line/2?refresh=true", `{"n":2}`, `"created":true`)
	call("PUT", "/_snapshot/s3/s2?wait_for_completion=true", "", `"state":"SUCCESS"`)
	call("DELETE", "/_snapshot/s3/s1", "", `"acknowledged":true`)
	call("DELETE", "/logs", "", `"acknowledged":true`)
	call("POST", "/_snapshot/s3/s2/_restore?wait_for_completion=true", `{"include_global_state":false}`, `"failed":0`)
	call("GET", "/logs/_count", "", `"count":2`)

	snapshots := map[string]bool{}
	pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: aws.String("es-snap"), Prefix: aws.String("b/snap-"), MaxKeys: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			snapshots[*o.Key] = true
		}
	}
	if len(snapshots) != 1 || !snapshots["b/snap-s2.dat"] {
		t.Errorf("snap blobs in the bucket: %v", snapshots)
	}
}
