package fakeaws_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	es "github.com/aws/aws-sdk-go-v2/service/elasticsearchservice"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
)

const (
	adminKey    = "AKIDADMIN"
	adminSecret = "admin-secret-of-the-test"
)

// clock is the service's clock, moved by the test. It starts at the present, since the SDK signs with the machine's clock.
type clock struct {
	mu    sync.Mutex
	moved time.Duration
	start time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.start.Add(c.moved)
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
}

// bench is a stand-in with clients of the real SDK.
type bench struct {
	*fakeaws.Server
	clock  *clock
	cfg    aws.Config
	domain string // whose data plane send reaches
}

func start(t *testing.T, o fakeaws.Options) bench {
	t.Helper()
	b := bench{clock: &clock{start: time.Now()}, domain: "logs"}
	o.AccessKey, o.SecretKey, o.Now = adminKey, adminSecret, b.clock.Now
	s, err := fakeaws.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	b.Server = s
	b.cfg = config(s, adminKey, adminSecret, "")
	return b
}

func config(s *fakeaws.Server, key, secret, token string) aws.Config {
	return aws.Config{
		Region: s.Region(), BaseEndpoint: aws.String(s.URL()), Credentials: credentials.NewStaticCredentialsProvider(key, secret, token),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func (b bench) es() *es.Client                 { return es.NewFromConfig(b.cfg) }
func (b bench) opensearch() *opensearch.Client { return opensearch.NewFromConfig(b.cfg) }
func (b bench) iam() *iam.Client               { return iam.NewFromConfig(b.cfg) }
func (b bench) sts() *sts.Client               { return sts.NewFromConfig(b.cfg) }
func (b bench) s3() *s3.Client {
	return s3.NewFromConfig(b.cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

// as returns the same stand-in seen by another key.
func (b bench) as(key, secret, token string) bench {
	b.cfg = config(b.Server, key, secret, token)
	return b
}

// newUser makes a user with one policy and returns the stand-in as that user sees it.
func (b bench) newUser(t *testing.T, name, policy string) bench {
	t.Helper()
	ctx := t.Context()
	must(t)(b.iam().CreateUser(ctx, &iam.CreateUserInput{UserName: &name}))
	if policy != "" {
		must(t)(b.iam().PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("p"), PolicyDocument: &policy}))
	}
	key, err := b.iam().CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return b.as(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
}

// must ends the test on an error.
func must(t *testing.T) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// wantCode checks the service's code and a part of its text.
func wantCode(t *testing.T, err error, code, part string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	if api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), part) {
		t.Errorf("got %s: %q, want %s with %q", api.ErrorCode(), api.ErrorMessage(), code, part)
	}
}

func TestWrongSignaturesAreRefusedInTheServicesWords(t *testing.T) {
	t.Parallel()
	b := start(t, fakeaws.Options{})
	ctx := t.Context()
	list := func(b bench) error {
		_, err := b.es().ListDomainNames(ctx, &es.ListDomainNamesInput{})
		return err
	}
	whoami := func(b bench) error {
		_, err := b.sts().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		return err
	}
	must(t)(nil, list(b))
	must(t)(nil, whoami(b))

	wantCode(t, list(b.as("AKIDNOBODY", adminSecret, "")), "UnrecognizedClientException", "The security token included in the request is invalid")
	wantCode(t, whoami(b.as("AKIDNOBODY", adminSecret, "")), "InvalidClientTokenId", "The security token included in the request is invalid")
	wantCode(t, list(b.as(adminKey, "wrong", "")), "InvalidSignatureException", "The request signature we calculated does not match")
	wantCode(t, whoami(b.as(adminKey, "wrong", "")), "SignatureDoesNotMatch", "The request signature we calculated does not match")
	wantCode(t, list(b.as(adminKey, adminSecret, "a-token-from-nowhere")), "UnrecognizedClientException", "security token")

	elsewhere := b
	elsewhere.cfg.Region = "eu-west-1"
	wantCode(t, list(elsewhere), "InvalidSignatureException", "Credential should be scoped to a valid region, not 'eu-west-1'")
	wantCode(t, whoami(elsewhere), "SignatureDoesNotMatch", "Credential should be scoped to a valid region, not 'eu-west-1'")
	if _, err := elsewhere.iam().ListRoles(ctx, &iam.ListRolesInput{}); err != nil {
		t.Errorf("IAM knows no regions, yet %v", err)
	}

	b.clock.move(6 * time.Minute)
	wantCode(t, list(b), "InvalidSignatureException", "Signature expired: ")
	wantCode(t, whoami(b), "SignatureDoesNotMatch", "- 5 min.)")
	b.clock.move(-12 * time.Minute)
	wantCode(t, list(b), "InvalidSignatureException", "Signature not yet current: ")

	unsigned := b
	unsigned.cfg.Credentials = aws.AnonymousCredentials{}
	wantCode(t, list(unsigned), "MissingAuthenticationTokenException", "Missing Authentication Token")
}

func TestFaultsOnOrder(t *testing.T) {
	t.Parallel()
	b := start(t, fakeaws.Options{OnCreate: noNode})
	ctx := t.Context()
	list := func() error {
		_, err := b.es().ListDomainNames(ctx, &es.ListDomainNamesInput{})
		return err
	}
	b.Inject(fakeaws.Fault{Action: "ListDomain*", Skip: 1, Times: 2, Status: 429, Code: "ThrottlingException", Message: "Rate exceeded"})
	must(t)(nil, list())
	wantCode(t, list(), "ThrottlingException", "Rate exceeded")
	wantCode(t, list(), "ThrottlingException", "Rate exceeded")
	must(t)(nil, list())

	b.Inject(fakeaws.Fault{Action: "ListDomainNames", CutConnection: true})
	if err := list(); err == nil || !strings.Contains(err.Error(), "EOF") {
		t.Errorf("a cut connection gave %v", err)
	}

	b.Inject(fakeaws.Fault{Action: "CreateRole", Status: 503, Code: "ServiceFailure"})
	_, err := b.iam().GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("r")})
	wantCode(t, err, "NoSuchEntity", "The role with name r cannot be found.")
	role := &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trustES)}
	_, err = b.iam().CreateRole(ctx, role)
	wantCode(t, err, "ServiceFailure", "Service Unavailable")
	// The SDK's own retries get past a passing fault.
	b.Inject(fakeaws.Fault{Action: "CreateRole", Status: 503, Code: "ServiceFailure"})
	patient := b
	patient.cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
	}
	must(t)(patient.iam().CreateRole(ctx, role))

	// An answer lost after the work was done: the domain is there.
	b.Inject(fakeaws.Fault{Action: "CreateElasticsearchDomain", Status: 500, Code: "InternalException", AfterEffect: true})
	_, err = b.es().CreateElasticsearchDomain(ctx, newLogs())
	wantCode(t, err, "InternalException", "")
	_, err = b.es().CreateElasticsearchDomain(ctx, newLogs())
	wantCode(t, err, "ResourceAlreadyExistsException", "Domain already exists")

	// A waiting call ends with its caller.
	b.Inject(fakeaws.Fault{Action: "ListDomainNames", Delay: time.Hour})
	short, cancel := context.WithCancel(ctx)
	done := make(chan error)
	go func() {
		_, err := b.es().ListDomainNames(short, &es.ListDomainNamesInput{})
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestCallsAreRememberedWithTheirCallers(t *testing.T) {
	t.Parallel()
	b := start(t, fakeaws.Options{})
	must(t)(b.sts().GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}))
	b.as("nobody", "x", "").es().ListDomainNames(t.Context(), &es.ListDomainNamesInput{})
	calls := b.Calls()
	want := []fakeaws.Call{{Service: "sts", Action: "GetCallerIdentity", Caller: "arn:aws:iam::123456789012:user/admin", Status: 200}, {Service: "es", Action: "ListDomainNames", Status: 403}}
	if len(calls) != len(want) || calls[0] != want[0] || calls[1] != want[1] {
		t.Errorf("calls are %+v", calls)
	}
}
