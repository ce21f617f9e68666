// Package s3store reads snapshot repositories out of S3 and everything that speaks like it: ranged, parallel, resumed
// where a connection breaks off, and with errors that say what to do. It is a snapshot.Storage over one bucket.
//
// Read s3store.go first (opening, listing), then reader.go (reading), errors.go (what answers mean).
package s3store

// s3store.go answers: how is a bucket found, in whatever region it lies, and what is in it? Next: reader.go.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/hikkoshi/hikkoshi/snapshot"
)

const (
	// defaultPart is how much one request asks for: large enough that the time to the first byte (some 30 ms) does not
	// count, small enough that a part repeated after a break costs little.
	defaultPart = 4 << 20
	minPart     = 64 << 10
	maxPart     = 256 << 20
	// defaultParallel is how many parts one large read has under way.
	defaultParallel = 4
	// defaultAhead bounds the parts read ahead by all readers of a store together: 32 parts are 128 MiB.
	defaultAhead = 32
	// maxAttempts is how often one request is sent.
	maxAttempts = 6
	maxBackoff  = 20 * time.Second
	// openAttempts is how often a bucket is asked for when it is opened.
	openAttempts = 3
	// defaultStall is how long a body may give no byte before its connection counts as broken.
	defaultStall = 60 * time.Second
	// fallbackRegion is asked first when no region is set; its answer names the bucket's own.
	fallbackRegion = "us-east-1"
)

// Options say how the bucket is reached. The zero value means: the credentials, region and endpoint that the aws command
// line would take.
type Options struct {
	// Client is used as it is; then Config, Profile, Region, Endpoint and PathStyle are not looked at.
	Client *s3.Client
	// Config is used in place of the default chain.
	Config *aws.Config
	// Profile of the shared configuration.
	Profile string
	// Region of the bucket; found out when it is another.
	Region string
	// Endpoint of an S3 that is not Amazon's; AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL do the same.
	Endpoint string
	// VirtualHost asks for bucket.host in place of host/bucket at an endpoint of one's own.
	VirtualHost bool
	// Anonymous sends no signature, for public buckets.
	Anonymous bool

	Part     int           // bytes per request, 4 MiB when 0
	Parallel int           // parts under way per reader, 4 when 0; 1 means no reading ahead
	Stall    time.Duration // 60 seconds when 0
}

// Store is a bucket as snapshot.Storage. It is safe for concurrent use.
type Store struct {
	client   *s3.Client
	bucket   string
	region   string
	part     int64
	parallel int
	stall    time.Duration
	// ahead holds a token for each part that may be read ahead.
	ahead chan struct{}
}

// ParseURL takes s3://bucket/prefix apart. The prefix comes without slashes at its ends.
func ParseURL(address string) (bucket, prefix string, err error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "s3" || parsed.Host == "" || parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" || parsed.Port() != "" {
		return "", "", &Error{kind: fs.ErrInvalid, Doing: "read the address", Said: "it is not of the form s3://bucket/prefix",
			Advice: "write s3://bucket/prefix; endpoint, region and credentials are options of their own"}
	}
	return parsed.Host, strings.Trim(parsed.Path, "/"), nil
}

// OpenURL opens s3://bucket/prefix and gives the store over the bucket with the repository's base path in it.
func OpenURL(ctx context.Context, address string, options Options) (store *Store, base string, err error) {
	bucket, base, err := ParseURL(address)
	if err != nil {
		return nil, "", err
	}
	store, err = Open(ctx, bucket, options)
	return store, base, err
}

// Open opens a bucket: it must be there, and its region is found out.
func Open(ctx context.Context, bucket string, options Options) (*Store, error) {
	doing := "open bucket " + bucket
	store := &Store{client: options.Client, bucket: bucket, part: int64(options.Part), parallel: options.Parallel, stall: options.Stall}
	if store.part <= 0 {
		store.part = defaultPart
	}
	store.part = min(max(store.part, minPart), maxPart)
	if store.parallel <= 0 {
		store.parallel = defaultParallel
	}
	if store.stall <= 0 {
		store.stall = defaultStall
	}
	store.ahead = make(chan struct{}, max(defaultAhead, store.parallel))
	if store.client == nil {
		client, err := connect(ctx, options)
		if err != nil {
			return nil, explain(doing, err)
		}
		store.client = client
	}
	store.region = store.client.Options().Region
	answer, err := store.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket}, impatient)
	if err == nil {
		if region := aws.ToString(answer.BucketRegion); region != "" {
			store.useRegion(region)
		}
		return store, nil
	}
	if region := regionOf(err); region != "" && region != store.region {
		store.useRegion(region)
		if _, err = store.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket}, impatient); err == nil {
			return store, nil
		}
	}
	explained := explain(doing, err)
	// Whoever may read objects need not be allowed to list the bucket, which is what HeadBucket asks for.
	if errors.Is(explained, fs.ErrPermission) && regionOf(err) == store.region {
		return store, nil
	}
	return nil, explained
}

// impatient retries less: a wrong endpoint or network should show within seconds, before a long read has begun.
func impatient(o *s3.Options) { o.RetryMaxAttempts = openAttempts }

// Region is where the bucket lies.
func (s *Store) Region() string { return s.region }

// Bucket is the bucket's name.
func (s *Store) Bucket() string { return s.bucket }

func (s *Store) useRegion(region string) {
	if region == s.region {
		return
	}
	s.region = region
	s.client = s3.New(s.client.Options(), func(o *s3.Options) { o.Region = region })
}

func connect(ctx context.Context, options Options) (*s3.Client, error) {
	loaded := aws.Config{}
	if options.Config != nil {
		loaded = options.Config.Copy()
	} else {
		// The SDK would write its warnings straight to standard error.
		load := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
		if options.Profile != "" {
			load = append(load, config.WithSharedConfigProfile(options.Profile))
		}
		chain, err := config.LoadDefaultConfig(ctx, load...)
		if err != nil {
			return nil, err
		}
		loaded = chain
	}
	if options.Region != "" {
		loaded.Region = options.Region
	}
	if loaded.Region == "" {
		loaded.Region = fallbackRegion
	}
	return s3.NewFromConfig(loaded, func(o *s3.Options) {
		if options.Endpoint != "" {
			o.BaseEndpoint = &options.Endpoint
		}
		o.UsePathStyle = o.BaseEndpoint != nil && !options.VirtualHost
		if options.Anonymous {
			o.Credentials = aws.AnonymousCredentials{}
		}
		o.Retryer = retry.NewStandard(func(so *retry.StandardOptions) {
			so.MaxAttempts, so.MaxBackoff = maxAttempts, maxBackoff
			// A store that is read by many readers at once would use up the shared budget with one outage and then
			// stop retrying; attempts and backoff bound the retries already.
			so.RateLimiter = noBudget{}
		})
		// A part of an object has no checksum of its own; without this each read is warned about.
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		o.DisableLogOutputChecksumValidationSkipped = true
	}), nil
}

// noBudget never refuses a retry.
type noBudget struct{}

// GetToken implements retry.RateLimiter.
func (noBudget) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}

// AddTokens implements retry.RateLimiter.
func (noBudget) AddTokens(uint) error { return nil }

// regionOf is the region that S3 names in an answer, refusals included.
func regionOf(err error) string {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.Response != nil && response.Response.Response != nil {
		return http.Header(response.Response.Header).Get("X-Amz-Bucket-Region")
	}
	return ""
}

// List implements snapshot.Storage.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[snapshot.Blob, error] {
	return func(yield func(snapshot.Blob, error) bool) {
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: aws.String(prefix)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			// The client repeats a request that fails, but not one whose answer breaks off while it is read.
			for attempt := 1; attempt < maxAttempts && errors.Is(err, io.ErrUnexpectedEOF) && ctx.Err() == nil; attempt++ {
				page, err = pages.NextPage(ctx)
			}
			if err != nil {
				yield(snapshot.Blob{}, explain(fmt.Sprintf("list s3://%s/%s", s.bucket, prefix), err))
				return
			}
			for _, object := range page.Contents {
				name := aws.ToString(object.Key)
				// Consoles make empty objects that end in "/" to show a folder; a name is never empty.
				if name == "" || strings.HasSuffix(name, "/") {
					continue
				}
				if !yield(snapshot.Blob{Name: name, Size: aws.ToInt64(object.Size)}, nil) {
					return
				}
			}
		}
	}
}
