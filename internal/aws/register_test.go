package aws_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/aws"
)

// TestTheUserWeMakeMayRegisterTheRepositoryAndNobodyElse is the point of all parts together: the gateway checks the
// signature, the right to call the domain, the right to pass the role, the role's trust and its rights on the bucket.
func TestTheUserWeMakeMayRegisterTheRepositoryAndNobodyElse(t *testing.T) {
	t.Parallel()
	s, _ := withS3(t)
	ctx := t.Context()
	var seen []string
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Method+" "+r.RequestURI)
		io.WriteString(w, `{"acknowledged":true}`)
	}))
	t.Cleanup(node.Close)
	domain := oldLogs()
	delete(domain.Settings, "AccessPolicies") // so that only the callers' own rights count
	if err := s.Adopt(domain, node.URL); err != nil {
		t.Fatal(err)
	}
	report, err := s.EnsureBackup(ctx, classic(), nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.CreateAccessKey(ctx, aws.DefaultUser)
	if err != nil {
		t.Fatal(err)
	}
	send := func(who *aws.Session, method, path, body string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(ctx, method, s.Endpoint("logs")+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := who.Signer(aws.ServiceDomains).RoundTripper(nil).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(answer)
	}
	repository, err := json.Marshal(map[string]any{"type": "s3", "settings": map[string]string{"bucket": report.Bucket, "base_path": report.Prefix, "region": report.Region, "role_arn": report.RoleARN}})
	if err != nil {
		t.Fatal(err)
	}
	user := s.As(key)
	if status, answer := send(user, http.MethodPut, "/_snapshot/hikkoshi", string(repository)); status != 200 {
		t.Errorf("our user: %d %s", status, answer)
	}
	outside, err := json.Marshal(map[string]any{"type": "s3", "settings": map[string]string{"bucket": report.Bucket, "base_path": "elsewhere", "region": report.Region, "role_arn": report.RoleARN}})
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := send(user, http.MethodPut, "/_snapshot/other", string(outside)); status == 200 {
		t.Errorf("outside the prefix: %d %s", status, answer)
	}
	stranger := s.userWith(t, "stranger", "es:ESHttp*")
	if status, answer := send(stranger, http.MethodPut, "/_snapshot/hikkoshi", string(repository)); status != 403 || !strings.Contains(answer, "iam:PassRole") {
		t.Errorf("without PassRole: %d %s", status, answer)
	}
	nobody := s.userWith(t, "nobody", "s3:*")
	if status, answer := send(nobody, http.MethodGet, "/_snapshot", ""); status != 403 {
		t.Errorf("without es:ESHttp*: %d %s", status, answer)
	}
	// Paths and queries that a careless signer spells otherwise than the service.
	for _, path := range []string{
		"/", "/_cat/indices?v&bytes=b&h=index,docs.count", "/%3Clogs-%7Bnow%2Fd%7D%3E/_search?q=a%20b%2Bc%26d&size=0", "/nginx-*,-nginx-2016*/_count",
		"/idx/type/id%2Fwith%2Fslashes?routing=%C3%A4%20%2B&version_type=external_gte", "/_all/_settings?flat_settings", "/idx/_search?q=%22quoted%22&q=twice&empty=",
	} {
		if status, answer := send(user, http.MethodGet, path, ""); status != 200 {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
	if len(seen) == 0 {
		t.Error("the node saw nothing")
	}
}
