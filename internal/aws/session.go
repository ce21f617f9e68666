package aws

// session.go answers: with whose credentials, in which region and at which endpoints do we speak to Amazon?
// Next: signer.go (requests to a domain), domain.go (the control plane).

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/elasticsearchservice"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
)

const (
	// maxAttempts is how often one control-plane request is sent; the control plane throttles at a few per second.
	maxAttempts = 6
	// firstAttempts is how often the first request is sent: a wrong endpoint or network should show within seconds.
	firstAttempts = 3
	// maxBackoff bounds the pause between two attempts.
	maxBackoff = 20 * time.Second
	// defaultPoll is how often a domain is asked how far it is; creating one takes 10 to 30 minutes.
	defaultPoll = 15 * time.Second
)

// Options say which account, region and endpoints are meant. The zero value means what the aws command line means
// without flags: environment, shared configuration, SSO, container, instance role.
type Options struct {
	// Profile of the shared configuration; it wins over credentials in the environment, as --profile does.
	Profile string
	// Region wins over AWS_REGION and the profile's.
	Region string
	// Endpoint replaces every service's address; AWS_ENDPOINT_URL does the same, AWS_ENDPOINT_URL_S3, ..._IAM, ..._STS,
	// ..._OPENSEARCH and ..._ELASTICSEARCH_SERVICE replace one.
	Endpoint string
	// Endpoints replaces single services' addresses: "s3", "iam", "sts", "es" (both APIs of the domains).
	Endpoints map[string]string
	// Poll is how often a waiting call asks again; 15 seconds when zero.
	Poll time.Duration
}

// Session is one set of credentials in one region. It is safe for concurrent use.
type Session struct {
	config   awssdk.Config
	profile  string
	override map[string]string
	poll     time.Duration

	domains    *opensearch.Client
	oldDomains *elasticsearchservice.Client
	iam        *iam.Client
	sts        *sts.Client
	s3         *s3.Client
}

// Identity is who the credentials belong to.
type Identity struct {
	Account   string
	ARN       string
	UserID    string
	Partition string // aws, aws-cn, aws-us-gov
}

// regionShape is how Amazon's regions are spelled; a typing error shows here instead of as a DNS failure a minute later.
var regionShape = regexp.MustCompile(`^[a-z]{2,3}(-[a-z]+)+-[0-9]{1,2}$`)

// Open loads the configuration. It makes no request: Identity is the first that does.
func Open(ctx context.Context, options Options) (*Session, error) {
	load := []func(*config.LoadOptions) error{
		// The SDK would write its warnings straight to standard error, through whatever the screen shows.
		config.WithLogger(logging.Nop{}),
		config.WithRetryer(func() awssdk.Retryer {
			return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
				o.StandardOptions = append(o.StandardOptions, func(so *retry.StandardOptions) {
					so.MaxAttempts = maxAttempts
					so.MaxBackoff = maxBackoff
					so.Retryables = append([]retry.IsErrorRetryable{quotaIsNoThrottle{}}, so.Retryables...)
				})
			})
		}),
	}
	if options.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(options.Profile))
	}
	if options.Region != "" {
		load = append(load, config.WithRegion(options.Region))
	}
	if options.Endpoint != "" {
		load = append(load, config.WithBaseEndpoint(options.Endpoint))
	}
	for service, address := range withDefault(options.Endpoints, options.Endpoint) {
		if parsed, err := url.Parse(address); err != nil || parsed.Host == "" || !strings.HasPrefix(parsed.Scheme, "http") {
			return nil, &Problem{Kind: ErrUnreachable, Doing: "read the AWS endpoint of " + service,
				Said: fmt.Sprintf("%q is no address", address), Advice: "write it as https://host or http://host:port"}
		}
	}
	loaded, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, explain("load the AWS configuration", options.Profile, err)
	}
	if loaded.Region == "" {
		return nil, &Problem{Kind: ErrWrongRegion, Doing: "load the AWS configuration", Said: "no region is set",
			Advice: "give --region (for example eu-central-1), or set AWS_REGION, or region in the profile"}
	}
	custom := options.Endpoint != "" || loaded.BaseEndpoint != nil
	if !custom && !regionShape.MatchString(loaded.Region) {
		return nil, &Problem{Kind: ErrWrongRegion, Doing: "load the AWS configuration",
			Said: fmt.Sprintf("%q is not spelled like a region", loaded.Region), Advice: "regions look like eu-central-1 or us-east-1"}
	}
	s := &Session{config: loaded, profile: options.Profile, override: options.Endpoints, poll: options.Poll}
	if s.poll <= 0 {
		s.poll = defaultPoll
	}
	s.connect()
	return s, nil
}

// quotaIsNoThrottle ends retries where an account's quota is reached: the SDK takes that code for throttling.
type quotaIsNoThrottle struct{}

// IsErrorRetryable implements retry.IsErrorRetryable.
func (quotaIsNoThrottle) IsErrorRetryable(err error) awssdk.Ternary {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "LimitExceededException" {
		return awssdk.FalseTernary
	}
	return awssdk.UnknownTernary
}

func withDefault(endpoints map[string]string, all string) map[string]string {
	merged := make(map[string]string, len(endpoints)+1)
	for service, address := range endpoints {
		merged[service] = address
	}
	if all != "" {
		merged["all services"] = all
	}
	return merged
}

func (s *Session) connect() {
	base := func(service string, set func(*string)) {
		if address := s.override[service]; address != "" {
			set(&address)
		}
	}
	s.domains = opensearch.NewFromConfig(s.config, func(o *opensearch.Options) { base("es", func(a *string) { o.BaseEndpoint = a }) })
	s.oldDomains = elasticsearchservice.NewFromConfig(s.config, func(o *elasticsearchservice.Options) { base("es", func(a *string) { o.BaseEndpoint = a }) })
	s.iam = iam.NewFromConfig(s.config, func(o *iam.Options) { base("iam", func(a *string) { o.BaseEndpoint = a }) })
	s.sts = sts.NewFromConfig(s.config, func(o *sts.Options) { base("sts", func(a *string) { o.BaseEndpoint = a }) })
	s.s3 = s3.NewFromConfig(s.config, func(o *s3.Options) {
		base("s3", func(a *string) { o.BaseEndpoint = a })
		// bucket.127.0.0.1 is no host: whoever brings an endpoint of their own means the path.
		o.UsePathStyle = o.BaseEndpoint != nil
	})
}

// Region is the region in which the session works.
func (s *Session) Region() string { return s.config.Region }

// Config is the SDK's configuration, for snapshot/s3store; callers pass it on without naming its type.
func (s *Session) Config() awssdk.Config {
	shared := s.config.Copy()
	if address := s.override["s3"]; address != "" {
		shared.BaseEndpoint = &address
	}
	return shared
}

// In is the same session in another region.
func (s *Session) In(region string) *Session {
	if region == "" || region == s.config.Region {
		return s
	}
	other := &Session{config: s.config.Copy(), profile: s.profile, override: s.override, poll: s.poll}
	other.config.Region = region
	other.connect()
	return other
}

// Identity asks who we are; every account may ask that, so it is the test whether the credentials work at all.
func (s *Session) Identity(ctx context.Context) (Identity, error) {
	answer, err := s.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.Options) { o.RetryMaxAttempts = firstAttempts })
	if err != nil {
		return Identity{}, s.explain("ask AWS who we are", err)
	}
	who := Identity{Account: awssdk.ToString(answer.Account), ARN: awssdk.ToString(answer.Arn), UserID: awssdk.ToString(answer.UserId)}
	who.Partition = "aws"
	if parts := strings.SplitN(who.ARN, ":", 3); len(parts) == 3 && parts[1] != "" {
		who.Partition = parts[1]
	}
	return who, nil
}

func (s *Session) explain(doing string, err error) error {
	problem := explain(doing, s.profile, err)
	if found, ok := problem.(*Problem); ok && found.Region == "" {
		found.Region = s.config.Region
	}
	return problem
}
