package fakeaws

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWildcardsMatchAsARegularExpressionWould(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab*?]{0,8}`).Draw(t, "pattern")
		s := rapid.StringMatching(`[ab]{0,10}`).Draw(t, "text")
		want := regexp.MustCompile("^" + strings.NewReplacer("*", ".*", "?", ".").Replace(pattern) + "$").MatchString(s)
		if got := wildcard(pattern, s); got != want {
			t.Fatalf("wildcard(%q, %q) = %v", pattern, s, got)
		}
	})
}

func TestPoliciesAreDecidedAsIAMDecidesThem(t *testing.T) {
	t.Parallel()
	const user, session = "AWS:arn:aws:iam::1:user/u", "AWS:arn:aws:sts::1:assumed-role/r/s"
	for name, c := range map[string]struct {
		policy string
		ask    access
		want   decision
	}{
		"nothing said":         {`{"Effect":"Allow","Action":"es:*","Principal":"*","Resource":"*"}`, access{principal: user, action: "s3:GetObject", resource: "arn:x"}, implicitDeny},
		"deny wins":            {`{"Effect":"Allow","Action":"*","Principal":"*","Resource":"*"},{"Effect":"Deny","Action":"es:ESHttpPost","Principal":"*","Resource":"*"}`, access{principal: user, action: "es:ESHttpPost", resource: "arn:x"}, explicitDeny},
		"not action":           {`{"Effect":"Allow","NotAction":"es:*","Principal":"*","Resource":"*"}`, access{principal: user, action: "es:ESHttpGet", resource: "arn:x"}, implicitDeny},
		"not resource":         {`{"Effect":"Allow","Action":"*","Principal":"*","NotResource":"arn:secret*"}`, access{principal: user, action: "a:b", resource: "arn:secret/1"}, implicitDeny},
		"account root":         {`{"Effect":"Allow","Action":"*","Principal":{"AWS":"arn:aws:iam::1:root"},"Resource":"*"}`, access{principal: user, action: "a:b", resource: "arn:x"}, allowed},
		"account number":       {`{"Effect":"Allow","Action":"*","Principal":{"AWS":"1"},"Resource":"*"}`, access{principal: session, action: "a:b", resource: "arn:x"}, allowed},
		"other account":        {`{"Effect":"Allow","Action":"*","Principal":{"AWS":["arn:aws:iam::2:root","2"]},"Resource":"*"}`, access{principal: user, action: "a:b", resource: "arn:x"}, implicitDeny},
		"role of a session":    {`{"Effect":"Allow","Action":"*","Principal":{"AWS":"arn:aws:iam::1:role/r"},"Resource":"*"}`, access{principal: session, action: "a:b", resource: "arn:x"}, allowed},
		"not principal":        {`{"Effect":"Deny","Action":"*","NotPrincipal":{"AWS":"arn:aws:iam::1:user/u"},"Resource":"*"}`, access{principal: user, action: "a:b", resource: "arn:x"}, implicitDeny},
		"anonymous by address": {`{"Effect":"Allow","Action":"*","Principal":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","127.0.0.1"]}}}`, access{action: "a:b", resource: "arn:x", context: map[string]string{"aws:sourceip": "127.0.0.1"}}, allowed},
		"address elsewhere":    {`{"Effect":"Allow","Action":"*","Principal":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`, access{action: "a:b", resource: "arn:x", context: map[string]string{"aws:sourceip": "127.0.0.1"}}, implicitDeny},
		"key absent":           {`{"Effect":"Allow","Action":"*","Principal":"*","Resource":"*","Condition":{"StringEquals":{"k":"v"}}}`, access{action: "a:b", resource: "arn:x"}, implicitDeny},
		"key absent, if there": {`{"Effect":"Allow","Action":"*","Principal":"*","Resource":"*","Condition":{"StringEqualsIfExists":{"k":"v"}}}`, access{action: "a:b", resource: "arn:x"}, allowed},
		"key absent, negated":  {`{"Effect":"Allow","Action":"*","Principal":"*","Resource":"*","Condition":{"StringNotEquals":{"k":"v"}}}`, access{action: "a:b", resource: "arn:x"}, allowed},
		"unknown condition":    {`{"Effect":"Allow","Action":"*","Principal":"*","Resource":"*","Condition":{"DateGreaterThan":{"k":"v"}}}`, access{action: "a:b", resource: "arn:x", context: map[string]string{"k": "v"}}, implicitDeny},
	} {
		p, err := parsePolicy(`{"Statement":[` + c.policy + `]}`)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := evaluateResource([]policy{p}, c.ask); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestTheSignatureOfThePublishedTestSuiteIsReproduced(t *testing.T) {
	t.Parallel()
	// "get-vanilla-query-order-key-case" and "get-vanilla" of the signature version 4 test suite.
	for query, want := range map[string]string{
		"":                            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		"Param2=value2&Param1=value1": "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
	} {
		r := httptest.NewRequest(http.MethodGet, "http://example.amazonaws.com/", nil)
		r.URL.RawQuery = query
		r.Header.Set("X-Amz-Date", "20150830T123600Z")
		sig := signature{key: "AKIDEXAMPLE", date: "20150830", region: "us-east-1", service: "service", headers: []string{"host", "x-amz-date"}}
		if got := sign("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", sig, "20150830T123600Z", canonicalRequest(r, sig.headers, hexSHA256(nil), false)); got != want {
			t.Errorf("query %q: %s, want %s", query, got, want)
		}
	}
}

// FuzzStrangersCannotBreakTheParsers feeds bytes from outside to everything that reads them.
func FuzzStrangersCannotBreakTheParsers(f *testing.F) {
	f.Add(`{"Statement":{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":"a:*","Resource":"*","Condition":{"IpAddress":{"k":[1,true]}}}}`)
	f.Add(`AWS4-HMAC-SHA256 Credential=a/20200101/r/es/aws4_request, SignedHeaders=host;x, Signature=00`)
	f.Add(`{"nodes":{"a":{"ip":1}},"metadata":{"repositories":{"r":{"type":"fs","settings":{"role_arn":"x"}}}}}`)
	f.Add(`{"r":{"type":"fs","settings":null},"q":7}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := parsePolicy(s); err == nil {
			evaluateResource([]policy{p}, access{principal: "AWS:arn:aws:iam::1:user/u", action: "a:b", resource: s})
		}
		if sig, ok := parseSignature(s); ok && sig.key == "" {
			t.Error("a signature without a key was read")
		}
		redactNodes([]byte(s))
		if out := repositoriesAsS3([]byte(s), true); len(s) > 0 && s[0] != '{' && !bytes.Equal(out, []byte(s)) {
			t.Error("an answer that is no object was changed")
		}
		flatSettings([]byte(s))
		canonicalQuery(s)
		repositoryPath(s)
	})
}
