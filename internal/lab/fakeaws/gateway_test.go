package fakeaws_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
)

// echoNode answers every request with what arrived, so that a test sees what the gateway let through. Repositories are kept.
func echoNode(t *testing.T) string {
	t.Helper()
	repositories := map[string]json.RawMessage{}
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		name, isRepository := strings.CutPrefix(r.URL.Path, "/_snapshot/")
		switch {
		case isRepository && r.Method == http.MethodPut && !strings.Contains(name, "/"):
			repositories[name] = body
			io.WriteString(w, `{"acknowledged":true}`)
		case r.URL.Path == "/_snapshot":
			json.NewEncoder(w).Encode(repositories)
		case isRepository && r.Method == http.MethodGet && repositories[name] != nil:
			json.NewEncoder(w).Encode(map[string]any{name: repositories[name]})
		default:
			json.NewEncoder(w).Encode(map[string]any{"method": r.Method, "uri": r.RequestURI, "body": string(body), "header": r.Header})
		}
	}))
	t.Cleanup(node.Close)
	return node.URL
}

// answer is what a request got.
type answer struct {
	status int
	text   string
}

// send signs and sends a data-plane request the way the product does: hash of the body, service es.
func (b bench) send(t *testing.T, method, path, body string, change ...func(*http.Request)) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.Endpoint(b.domain)+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	creds, err := b.cfg.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	req.Header.Set("X-Amz-Content-Sha256", hash)
	if body != "" {
		req.Header.Set("Content-Type", "application/json") // from 6.0 on nodes insist
	}
	if err := v4.NewSigner().SignHTTP(t.Context(), creds, req, hash, "es", b.cfg.Region, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, string(text)}
}

// want checks status and a part of the text.
func (a answer) want(t *testing.T, status int, part string) {
	t.Helper()
	if a.status != status || !strings.Contains(a.text, part) {
		t.Errorf("got %d %s, want %d with %s", a.status, a.text, status, part)
	}
}

// startDomain starts a stand-in with one domain of a version, in front of a node.
func startDomain(t *testing.T, version, nodeURL string, o fakeaws.Options, access string) bench {
	t.Helper()
	b := start(t, o)
	kind := "m3.medium.search"
	if strings.HasPrefix(version, "OpenSearch") {
		kind = "i3.large.search"
	}
	spec := fakeaws.DomainSpec{Name: "logs", EngineVersion: version, InstanceType: kind, Settings: map[string]any{"AccessPolicies": access}}
	if err := b.Adopt(spec, nodeURL); err != nil {
		t.Fatal(err)
	}
	return b
}

// anyoneHere lets every address of this machine read.
const anyoneHere = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"es:ESHttpGet","Resource":"arn:aws:es:us-east-1:123456789012:domain/logs/*","Condition":{"IpAddress":{"aws:SourceIp":["127.0.0.0/8"]}}}]}`

func TestTheDataPlaneChecksSignaturesAndRights(t *testing.T) {
	t.Parallel()
	b := startDomain(t, "Elasticsearch_2.3", echoNode(t), fakeaws.Options{}, "")
	b.send(t, "GET", "/nginx-*/_search?q=a%20b&size=0", "").want(t, 200, `"uri":"/nginx-*/_search?q=a%20b\u0026size=0"`)
	b.send(t, "PUT", "/a%2Fb/doc/%E6%97%A5%20+1", `{"x":1}`).want(t, 200, `"body":"{\"x\":1}"`)
	if got := b.send(t, "GET", "/", ""); strings.Contains(got.text, "Amz") || strings.Contains(got.text, "AWS4") {
		t.Errorf("the node saw the signature: %s", got.text)
	}

	b.as(adminKey, "wrong", "").send(t, "GET", "/", "").want(t, 403, `The request signature we calculated does not match`)
	b.as("nobody", "x", "").send(t, "GET", "/", "").want(t, 403, `{"message":"The security token included in the request is invalid."}`)
	b.send(t, "PUT", "/i/t/1", `{"x":1}`, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"x":2}`)) }).want(t, 403, "does not match")
	b.send(t, "GET", "/", "", func(r *http.Request) { r.Header.Set("Authorization", "Basic dTpw") }).want(t, 403, "Authorization header requires 'Credential' parameter")
	elsewhere := b
	elsewhere.cfg.Region = "eu-west-1"
	elsewhere.send(t, "GET", "/", "").want(t, 403, `Credential should be scoped to a valid region, not 'eu-west-1'`)

	nobody := func(r *http.Request) { r.Header.Del("Authorization") }
	b.send(t, "GET", "/", "", nobody).want(t, 403, `"Message":"User: anonymous is not authorized to perform: es:ESHttpGet`)
	reader := b.newUser(t, "reader", `{"Statement":{"Effect":"Allow","Action":"es:ESHttpGet","Resource":"arn:aws:es:us-east-1:123456789012:domain/logs/*"}}`)
	reader.send(t, "GET", "/_cat/indices", "").want(t, 200, "")
	reader.send(t, "POST", "/_bulk", "{}").want(t, 403, "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: es:ESHttpPost")

	open := startDomain(t, "Elasticsearch_2.3", echoNode(t), fakeaws.Options{}, anyoneHere)
	open.send(t, "GET", "/", "", nobody).want(t, 200, "")
	open.send(t, "DELETE", "/nginx", "", nobody).want(t, 403, "es:ESHttpDelete")
}

func TestADomainIsReachedByItsHostNameToo(t *testing.T) {
	t.Parallel()
	b := startDomain(t, "Elasticsearch_2.3", echoNode(t), fakeaws.Options{}, anyoneHere)
	host := b.HostName("logs")
	if !strings.HasPrefix(host, "search-logs-") || !strings.HasSuffix(host, ".us-east-1.es.amazonaws.com") {
		t.Errorf("its name is %s", host)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.URL()+"/_cat/indices", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); res.StatusCode != 200 || !strings.Contains(string(text), "/_cat/indices") {
		t.Errorf("%s: %s", res.Status, text)
	}
}

func TestWhatTheServiceForbidsIsForbidden(t *testing.T) {
	t.Parallel()
	old := startDomain(t, "Elasticsearch_2.3", echoNode(t), fakeaws.Options{}, "")
	newer := startDomain(t, "OpenSearch_2.19", echoNode(t), fakeaws.Options{}, "")
	const no, payload = "is not allowed.", "payload is not allowed."
	for _, c := range []struct {
		method, path, body string
		old, newer         int
		part               string
	}{
		{"GET", "/_settings", "", 401, 401, `Your request: '/_settings' ` + no},
		{"PUT", "/_settings", `{"index.blocks.write":true}`, 401, 401, `Your request: '/_settings' ` + no},
		{"PUT", "/nginx/_settings", `{"index.blocks.write":true}`, 200, 200, ""},
		{"GET", "/_cluster/settings", "", 401, 200, ""},
		{"PUT", "/_cluster/settings", `{"transient":{"action.auto_create_index":"false"}}`, 200, 200, ""},
		{"PUT", "/_cluster/settings", `{"transient":{"action":{"auto_create_index":"false"}}}`, 401, 401, payload},
		{"PUT", "/_cluster/settings", `{"transient":{"cluster.routing.allocation.enable":"none"}}`, 401, 401, payload},
		{"POST", "/nginx/_close", "", 401, 200, ""},
		{"POST", "/_reindex", "{}", 401, 200, ""},
		{"PUT", "/_snapshot/cs-mine", `{"type":"s3"}`, 401, 401, no},
		{"PUT", "/_snapshot/disk", `{"type":"fs","settings":{"location":"/tmp"}}`, 401, 401, payload},
		{"PUT", "/_snapshot/bare", `{"type":"s3","settings":{"bucket":"b"}}`, 400, 400, "settings.role_arn is needed for snapshot registration."},
		{"GET", "/_snapshot/cs-automated/_all", "", 200, 200, `"snapshots":[]`},
		{"POST", "/_cluster/reroute", "{}", 401, 401, no},
	} {
		old.send(t, c.method, c.path, c.body).want(t, c.old, c.part)
		newer.send(t, c.method, c.path, c.body).want(t, c.newer, c.part)
	}
	big := `{"x":"` + strings.Repeat("y", 10<<20) + `"}`
	old.send(t, "POST", "/_bulk", big).want(t, 413, "Request size exceeded 10485760 bytes")
}

func TestFaultsMeetTheDataPlaneToo(t *testing.T) {
	t.Parallel()
	b := startDomain(t, "Elasticsearch_2.3", echoNode(t), fakeaws.Options{}, "")
	b.Inject(fakeaws.Fault{Action: "PUT /_snapshot/*", Domain: "logs", Status: 504, AfterEffect: true})
	b.Inject(fakeaws.Fault{Action: "PUT *", Domain: "other", Status: 500})
	b.send(t, "PUT", "/_snapshot/r/s1", "{}").want(t, 504, "Gateway Timeout")
	b.send(t, "PUT", "/_snapshot/r/s2", "{}").want(t, 200, "/_snapshot/r/s2")

	gone := startDomain(t, "Elasticsearch_2.3", "http://127.0.0.1:1", fakeaws.Options{}, "")
	gone.send(t, "GET", "/", "").want(t, 503, "No server is available to handle this request.")
}

// snapshotRole makes the role of a repository, with rights on a bucket.
func (b bench) snapshotRole(t *testing.T, trust, bucket string, actions ...string) {
	t.Helper()
	must(t)(b.iam().CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("es-index-backups"), AssumeRolePolicyDocument: &trust}))
	rights := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::` + bucket + `"]},{"Effect":"Allow","Action":["` +
		strings.Join(actions, `","`) + `"],"Resource":["arn:aws:s3:::` + bucket + `/*"]}]}`
	must(t)(b.iam().PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("es-index-backups"), PolicyName: aws.String("s3"), PolicyDocument: &rights}))
}

const mayPass = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"es:ESHttp*","Resource":"*"},{"Effect":"Allow","Action":"iam:PassRole","Resource":"` + roleARN + `"}]}`

func repository(settings string) string {
	return `{"type":"s3","settings":{"bucket":"es-snap","region":"us-east-1","role_arn":"` + roleARN + `","base_path":"logs/2017"` + settings + `}}`
}

func TestARepositoryIsCheckedAsTheServiceChecksIt(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "es-snap"), 0o755); err != nil {
		t.Fatal(err)
	}
	b := startDomain(t, "Elasticsearch_2.3", echoNode(t), fakeaws.Options{S3Root: root, Propagation: time.Minute}, "")
	passer := b.newUser(t, "es-index-backup-user", mayPass)
	plain := b.newUser(t, "plain", `{"Statement":{"Effect":"Allow","Action":"es:*","Resource":"*"}}`)
	b.clock.move(time.Minute)

	plain.send(t, "PUT", "/_snapshot/r", repository("")).want(t, 403, `User: arn:aws:iam::123456789012:user/plain is not authorized to perform: iam:PassRole on resource: `+roleARN)
	const stranger = "is not authorized to perform: sts:AssumeRole on resource: " + roleARN
	passer.send(t, "PUT", "/_snapshot/r", repository("")).want(t, 500, stranger)

	trust := strings.Replace(trustES, `"Action"`, `"Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"},"ArnLike":{"aws:SourceArn":"arn:aws:es:us-east-1:123456789012:domain/logs"}},"Action"`, 1)
	b.snapshotRole(t, trust, "es-snap", "s3:GetObject")
	passer.send(t, "PUT", "/_snapshot/r", repository("")).want(t, 500, stranger)
	b.clock.move(time.Minute)
	passer.send(t, "PUT", "/_snapshot/r", repository("")).want(t, 500, "Error Code: AccessDenied")
	passer.send(t, "PUT", "/_snapshot/r", repository(`,"readonly":true`)).want(t, 200, "acknowledged")
	rights := `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::es-snap","arn:aws:s3:::es-snap/*","arn:aws:s3:::gone","arn:aws:s3:::gone/*"]}]}`
	must(t)(b.iam().PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("es-index-backups"), PolicyName: aws.String("s3"), PolicyDocument: &rights}))
	passer.send(t, "PUT", "/_snapshot/r", repository("")).want(t, 200, "acknowledged")
	passer.send(t, "PUT", "/_snapshot/up", repository(`,"base_path":"../../etc"`)).want(t, 500, "leaves the bucket")
	passer.send(t, "PUT", "/_snapshot/r2", strings.Replace(repository(""), "es-snap", "gone", 1)).want(t, 500, "Error Code: NoSuchBucket")

	got := passer.send(t, "GET", "/_snapshot/r", "")
	got.want(t, 200, `"type":"s3"`)
	if strings.Contains(got.text, "location") || !strings.Contains(got.text, `"base_path":"logs/2017"`) {
		t.Errorf("the repository is shown as %s", got.text)
	}
	passer.send(t, "GET", "/_snapshot", "").want(t, 200, `"cs-automated":{"type":"s3"}`)

	b.SetBucketRegion("es-snap", "eu-west-1")
	passer.send(t, "PUT", "/_snapshot/r", repository("")).want(t, 500, "the region 'us-east-1' is wrong; expecting 'eu-west-1'")
	passer.send(t, "PUT", "/_snapshot/r", strings.Replace(repository(""), "us-east-1", "eu-central-1", 1)).want(t, 500, "Error Code: PermanentRedirect")
	passer.send(t, "PUT", "/_snapshot/r", strings.Replace(repository(""), `"region":"us-east-1"`, `"endpoint":"s3.amazonaws.com"`, 1)).want(t, 200, "acknowledged")
	passer.send(t, "PUT", "/_snapshot/r", strings.Replace(repository(""), `us-east-1`, `eu-west-1`, 1)).want(t, 200, "acknowledged")

	// A trust condition that names another domain, and rights taken away after registration.
	other := strings.Replace(trust, "domain/logs", "domain/other", 1)
	must(t)(b.iam().UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("es-index-backups"), PolicyDocument: &other}))
	passer.send(t, "PUT", "/_snapshot/r/s1", "{}").want(t, 500, stranger)
}

func TestNodesAreHidden(t *testing.T) {
	t.Parallel()
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/_cat/") {
			fmt.Fprintln(w, "127.0.0.1 12 mdi * node-1")
			return
		}
		io.WriteString(w, `{"cluster_name":"c","nodes":{"n1":{"name":"node-1","version":"2.3.2","host":"127.0.0.1","ip":"127.0.0.1","transport_address":"127.0.0.1:9300","settings":{"path":{"home":"/x"}},"jvm":{"mem":{"heap_max_in_bytes":9007199254740993}}}}}`)
	}))
	defer node.Close()
	b := startDomain(t, "Elasticsearch_2.3", node.URL, fakeaws.Options{}, "")
	got := b.send(t, "GET", "/_nodes", "")
	got.want(t, 200, `"version":"2.3.2"`)
	got.want(t, 200, "9007199254740993")
	if strings.Contains(got.text, "127.0.0.1") || strings.Contains(got.text, "home") {
		t.Errorf("shown: %s", got.text)
	}
	b.send(t, "GET", "/_cat/nodes", "").want(t, 200, "x.x.x.x 12 mdi")
}
