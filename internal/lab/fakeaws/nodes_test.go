package fakeaws_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	es "github.com/aws/aws-sdk-go-v2/service/elasticsearchservice"
	estypes "github.com/aws/aws-sdk-go-v2/service/elasticsearchservice/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// labNodes gives new domains a real node, as the demo does.
type labNodes struct {
	mu    sync.Mutex
	root  string
	nodes map[string]*lab.Node
}

func (l *labNodes) create(ctx context.Context, spec fakeaws.DomainSpec) (string, error) {
	version, ok := map[string]string{"Elasticsearch_5.5": "5.5.2"}[spec.EngineVersion]
	if !ok {
		return "", fmt.Errorf("no lab node for %s", spec.EngineVersion)
	}
	node, err := lab.Start(ctx, lab.Options{Version: version, RepoDirs: []string{l.root}})
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.nodes[spec.Name] = node
	return node.URL(), nil
}

func (l *labNodes) remove(ctx context.Context, name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	node := l.nodes[name]
	delete(l.nodes, name)
	if node == nil {
		return nil
	}
	return node.Stop(ctx)
}

func TestTheClassicMovesSnapshotGoesThroughTheGatewayBetweenRealNodes(t *testing.T) {
	if testing.Short() {
		t.Skip("starts versitygw, Elasticsearch 2.3.2 and 5.5.2")
	}
	nodes := &labNodes{nodes: map[string]*lab.Node{}}
	b := withS3(t, fakeaws.Options{OnCreate: nodes.create, OnDelete: nodes.remove})
	nodes.root = b.S3Root()
	t.Cleanup(func() { nodes.remove(context.Background(), "logs-55") })
	old := labtest.Node(t, "2.3.2", b.S3Root())
	if err := b.Adopt(fakeaws.DomainSpec{Name: "logs-23", EngineVersion: "Elasticsearch_2.3", InstanceType: "m3.medium.search"}, old.URL()); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()

	// What the tool makes on AWS: bucket, role, user with PassRole.
	must(t)(b.s3().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("es-snap")}))
	b.snapshotRole(t, trustES, "es-snap", "s3:GetObject", "s3:PutObject", "s3:DeleteObject")
	user := b.newUser(t, "es-index-backup-user", mayPass)
	source, target := user, user
	source.domain, target.domain = "logs-23", "logs-55"

	// The old side: documents, repository, snapshot.
	var bulk strings.Builder
	for i := range 500 {
		fmt.Fprintf(&bulk, `{"index":{"_index":"nginx-access-2017.09.10","_type":"fluentd","_id":"%d"}}`+"\n"+`{"path":"/%d"}`+"\n", i, i)
	}
	source.send(t, "POST", "/_bulk?refresh=true", bulk.String()).want(t, 200, `"errors":false`)
	source.send(t, "GET", "/", "").want(t, 200, `"number" : "2.3.2"`)
	source.send(t, "PUT", "/_snapshot/hikkoshi", repository("")).want(t, 200, `"acknowledged":true`)
	shown := source.send(t, "GET", "/_snapshot/hikkoshi", "")
	shown.want(t, 200, `"type":"s3"`)
	if strings.Contains(shown.text, b.S3Root()) {
		t.Errorf("the folder shows: %s", shown.text)
	}
	source.send(t, "POST", "/_snapshot/hikkoshi/_verify", "").want(t, 200, `"nodes"`)
	source.send(t, "PUT", "/_snapshot/hikkoshi/round-1?wait_for_completion=true", `{"include_global_state":false}`).want(t, 200, `"state":"SUCCESS"`)
	source.send(t, "GET", "/_cluster/state/metadata", "").want(t, 200, `"type":"s3"`)

	// The snapshot is in the bucket.
	list, err := b.s3().ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("es-snap"), Prefix: aws.String("logs/2017/snap-")})
	if err != nil || len(list.Contents) != 1 {
		t.Errorf("%+v, %v", list, err)
	}

	// The new side, made by the API and backed by a real node.
	made := newLogs()
	made.DomainName, made.ElasticsearchClusterConfig = aws.String("logs-55"), &estypes.ElasticsearchClusterConfig{InstanceType: "m3.medium.elasticsearch"}
	must(t)(b.es().CreateElasticsearchDomain(ctx, made))
	for {
		out, err := b.es().DescribeElasticsearchDomain(ctx, &es.DescribeElasticsearchDomainInput{DomainName: made.DomainName})
		if err != nil {
			t.Fatal(err)
		}
		if !aws.ToBool(out.DomainStatus.Processing) {
			break
		}
		if err := b.Failure("logs-55"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	target.send(t, "PUT", "/_snapshot/hikkoshi", repository(`,"readonly":true`)).want(t, 200, `"acknowledged":true`)
	target.send(t, "GET", "/_snapshot/hikkoshi", "").want(t, 200, `"readonly":"true"`)
	target.send(t, "GET", "/_snapshot/hikkoshi/_all", "").want(t, 200, `"snapshot":"round-1"`)
	target.send(t, "POST", "/_snapshot/hikkoshi/round-1/_restore?wait_for_completion=true", `{"indices":"nginx-*"}`).want(t, 200, `"failed":0`)
	target.send(t, "GET", "/nginx-access-2017.09.10/_count", "").want(t, 200, `"count":500`)
	if got := target.send(t, "GET", "/_nodes", ""); strings.Contains(got.text, "127.0.0.1") {
		t.Errorf("addresses show: %s", got.text)
	}

	// Rights taken away are felt by the next snapshot.
	rights := `{"Statement":{"Effect":"Allow","Action":["s3:ListBucket","s3:GetObject"],"Resource":"*"}}`
	must(t)(b.iam().PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("es-index-backups"), PolicyName: aws.String("s3"), PolicyDocument: &rights}))
	source.send(t, "PUT", "/_snapshot/hikkoshi/round-2?wait_for_completion=true", "{}").want(t, 500, "Error Code: AccessDenied")
	target.send(t, "GET", "/_snapshot/hikkoshi/_all", "").want(t, 200, "round-1")

	must(t)(b.es().DeleteElasticsearchDomain(ctx, &es.DeleteElasticsearchDomainInput{DomainName: made.DomainName}))
	for {
		if _, err := b.es().DescribeElasticsearchDomain(ctx, &es.DescribeElasticsearchDomainInput{DomainName: made.DomainName}); err != nil {
			wantCode(t, err, "ResourceNotFoundException", "")
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestNodesOfEveryAgeKeepTheRepositorysOwnSettings(t *testing.T) {
	for version, engine := range map[string]string{"1.7.6": "Elasticsearch_1.5", "os2.19.3": "OpenSearch_2.19"} {
		t.Run(version, func(t *testing.T) {
			root := t.TempDir()
			if err := os.Mkdir(filepath.Join(root, "es-snap"), 0o755); err != nil {
				t.Fatal(err)
			}
			node := labtest.Node(t, version, root)
			b := startDomain(t, engine, node.URL(), fakeaws.Options{S3Root: root}, "")
			b.snapshotRole(t, trustES, "es-snap", "s3:GetObject", "s3:PutObject", "s3:DeleteObject")
			b.send(t, "PUT", "/_snapshot/r", repository(`,"server_side_encryption":true,"compress":true`)).want(t, 200, "acknowledged")
			for _, part := range []string{`"type":"s3"`, `"role_arn":"` + roleARN + `"`, `"base_path":"logs/2017"`, `"server_side_encryption":"true"`, `"cs-automated"`} {
				b.send(t, "GET", "/_snapshot/_all", "").want(t, 200, part)
			}
			b.send(t, "PUT", "/_snapshot/r/s1?wait_for_completion=true", "{}").want(t, 200, `"state":"SUCCESS"`)
			b.send(t, "DELETE", "/_snapshot/r/s1", "").want(t, 200, "acknowledged")
			b.send(t, "DELETE", "/_snapshot/r", "").want(t, 200, "acknowledged")
			b.send(t, "GET", "/_snapshot/r", "").want(t, 404, "missing")
		})
	}
}
