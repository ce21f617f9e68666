package aws_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/aws"
	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
)

func TestEndpointsAreFoundInTheEnvironment(t *testing.T) {
	s := startStand(t, fakeaws.Options{})
	t.Run("one for all", func(t *testing.T) {
		t.Setenv("AWS_ENDPOINT_URL", s.URL())
		found, err := aws.Open(t.Context(), aws.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := found.Identity(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("one per service", func(t *testing.T) {
		t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
		t.Setenv("AWS_ENDPOINT_URL_STS", s.URL())
		t.Setenv("AWS_ENDPOINT_URL_OPENSEARCH", s.URL())
		found, err := aws.Open(t.Context(), aws.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := found.Identity(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := found.ListDomains(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestAnInstanceRolesKeysAreRenewedWhenTheDomainSaysTheyAreOver plays the metadata service of an instance, which hands
// out other keys each time it is asked.
func TestAnInstanceRolesKeysAreRenewedWhenTheDomainSaysTheyAreOver(t *testing.T) {
	var mutex sync.Mutex
	handedOut := 0
	metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/api/token"):
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
			io.WriteString(w, "metadata-token")
		case strings.HasSuffix(r.URL.Path, "/security-credentials/"):
			io.WriteString(w, "instance-role")
		default:
			mutex.Lock()
			handedOut++
			fmt.Fprintf(w, `{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIA%d","SecretAccessKey":"role-secret-that-must-never-show","Token":"token-%d","Expiration":%q}`,
				handedOut, handedOut, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
			mutex.Unlock()
		}
	}))
	t.Cleanup(metadata.Close)
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.URL} {
		t.Setenv(name, value)
	}
	domain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Security-Token") == "token-1" {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"message":"The security token included in the request is expired"}`)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || !strings.Contains(r.Header.Get("Authorization"), "Credential=ASIA2/") {
			t.Errorf("signed as %s, %v", r.Header.Get("Authorization"), err)
		}
		w.Write(body)
	}))
	t.Cleanup(domain.Close)
	s, err := aws.Open(t.Context(), aws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: s.Signer(aws.ServiceDomains).RoundTripper(nil)}
	response, err := client.Post(domain.URL+"/_bulk", "application/x-ndjson", io.MultiReader(strings.NewReader("{}\n"), strings.NewReader("{}\n")))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 || string(answer) != "{}\n{}\n" {
		t.Errorf("%s %q, %v", response.Status, answer, err)
	}
}
