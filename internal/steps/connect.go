package steps

// connect.go answers: how are both clusters and AWS reached as migration.yaml says? Next: look.go.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/aws"
	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

// ErrNoDomain says that a domain does not exist, or not yet.
var ErrNoDomain = errors.New("no such domain")

// Options are what the command line adds to migration.yaml.
type Options struct {
	Profile, Region string
	// Poll is how often a slow change is asked about; 0 is a sensible pause.
	Poll time.Duration
}

// Sides opens the clusters and the AWS session of a migration, each when it is first needed. It is safe for concurrent use.
type Sides struct {
	wanted  *migration.Migration
	options Options

	mutex    sync.Mutex
	session  *aws.Session
	clusters map[string]*cluster.Client
}

// NewSides asks nobody yet.
func NewSides(wanted *migration.Migration, options Options) *Sides {
	return &Sides{wanted: wanted, options: options, clusters: map[string]*cluster.Client{}}
}

const (
	signedService = "es"
	// firstRetries is how often the first call to a cluster is repeated.
	firstRetries = 1
)

// AWS opens the session.
func (s *Sides) AWS(ctx context.Context) (*aws.Session, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.aws(ctx)
}

func (s *Sides) aws(ctx context.Context) (*aws.Session, error) {
	if s.session != nil {
		return s.session, nil
	}
	options := aws.Options{Profile: s.wanted.AWS.Profile, Region: s.wanted.AWS.Region, Endpoint: s.wanted.AWS.Endpoint, Poll: s.options.Poll}
	if s.wanted.AWS.S3Endpoint != "" {
		options.Endpoints = map[string]string{"s3": s.wanted.AWS.S3Endpoint}
	}
	if s.options.Profile != "" {
		options.Profile = s.options.Profile
	}
	if s.options.Region != "" {
		options.Region = s.options.Region
	}
	session, err := aws.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	s.session = session
	return session, nil
}

// Source opens the old cluster.
func (s *Sides) Source(ctx context.Context) (*cluster.Client, error) {
	return s.open(ctx, "source", s.wanted.Source)
}

// Target opens the new cluster, or gives ErrNoDomain while its domain has no endpoint.
func (s *Sides) Target(ctx context.Context) (*cluster.Client, error) {
	return s.open(ctx, "target", s.wanted.Target)
}

func (s *Sides) open(ctx context.Context, name string, side migration.Side) (*cluster.Client, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if client := s.clusters[name]; client != nil {
		return client, nil
	}
	config := cluster.Config{URL: side.URL, CertFile: side.Auth.Certificate, KeyFile: side.Auth.Key, CAFile: side.Auth.CA}
	if side.Domain != "" {
		session, err := s.aws(ctx)
		if err != nil {
			return nil, err
		}
		domain, err := session.ReadDomain(ctx, side.Domain)
		if errors.Is(err, aws.ErrNotFound) {
			return nil, engine.WithHint(fmt.Errorf("%s: %s: %w", name, side.Domain, ErrNoDomain), Hint(err))
		}
		if err != nil {
			return nil, err
		}
		if domain.Endpoint == "" {
			return nil, engine.WithHint(fmt.Errorf("%s: the domain %s has no endpoint yet: %w", name, side.Domain, ErrNoDomain), "wait until it is active")
		}
		config.URL = domain.Endpoint
	}
	if err := s.authenticate(ctx, &config, name, side); err != nil {
		return nil, err
	}
	// Whoever types a wrong address should not wait through the patience that a busy cluster deserves later.
	hasty := config
	hasty.Retries = firstRetries
	probe, err := cluster.New(hasty)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer probe.Close()
	if _, err := probe.Detect(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	client, err := cluster.New(config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s.clusters[name] = client
	return client, nil
}

func (s *Sides) authenticate(ctx context.Context, config *cluster.Config, name string, side migration.Side) error {
	auth := side.Auth
	switch {
	case auth.User != "":
		password, err := readSecret(auth.PasswordEnv, auth.PasswordFile)
		if err != nil {
			return fmt.Errorf("%s.auth: %w", name, err)
		}
		config.Basic = cluster.Basic{User: auth.User, Password: password}
	case auth.APIKeyEnv != "":
		key, err := readSecret(auth.APIKeyEnv, "")
		if err != nil {
			return fmt.Errorf("%s.auth: %w", name, err)
		}
		config.APIKey = key
	case side.Domain != "" || auth.SigV4:
		session, err := s.aws(ctx)
		if err != nil {
			return err
		}
		config.Signer = session.Signer(signedService)
	}
	return nil
}

func readSecret(variable, file string) (cluster.Secret, error) {
	if variable != "" {
		value, set := os.LookupEnv(variable)
		if !set || value == "" {
			return "", engine.WithHint(fmt.Errorf("the environment variable %s is empty", variable), "export it in the shell that runs hikkoshi")
		}
		return cluster.Secret(value), nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return cluster.Secret(strings.TrimRight(string(content), "\r\n")), nil
}

// Hint finds the advice in an error of any of our packages.
func Hint(err error) string {
	var withHint *engine.HintError
	if errors.As(err, &withHint) && withHint.Hint != "" {
		return withHint.Hint
	}
	var failure *cluster.Error
	if errors.As(err, &failure) {
		return failure.Hint
	}
	var advised interface{ Hint() string }
	if errors.As(err, &advised) {
		return advised.Hint()
	}
	return ""
}
