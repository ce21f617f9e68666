package demo

// stage.go answers: what must run before a move can be shown? Next: judge.go.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway"
	"github.com/hikkoshi/hikkoshi/internal/lab/shipper"
)

// The names on the stage.
const (
	SourceDomain = "nginx-logs"
	TargetDomain = "nginx-logs-5-5"
	Bucket       = "es-index-backups-demo"
	Account      = "123456789012"
	Region       = "us-west-2"
	accessKey    = "AKIADEMODEMODEMODEMO"
	secretKey    = "demo-secret-demo-secret-demo-secret"

	sourceVersion = "2.3.2"
	targetVersion = "5.5.2"
	seed          = 20170910
	days          = 3
	stopTime      = 30 * time.Second
)

// Options size the demo.
type Options struct {
	// Documents is how many nginx events the source holds before the move.
	Documents int
	// Rate is how many events a second the writer makes meanwhile.
	Rate float64
	// Folder takes everything; empty is a temporary one that Close removes.
	Folder string
	// Keep leaves the clusters running after Close.
	Keep bool
	// Tell hears what is being prepared.
	Tell func(format string, arguments ...any)
}

// Stage is everything that runs beside the program.
type Stage struct {
	Folder  string
	Written lab.Summary
	Shipper *shipper.Shipper
	// Ledger is the file in which the writer notes every event that a cluster acknowledged.
	Ledger string
	// FluentdConfig is the writer's configuration file.
	FluentdConfig string

	options   Options
	temporary bool
	aws       *fakeaws.Server
	s3        *s3gateway.Gateway

	mutex sync.Mutex
	nodes map[string]*lab.Node // by domain
}

// Start prepares the stage. Whatever was started is ended again when it fails.
func Start(ctx context.Context, options Options) (*Stage, error) {
	stage := &Stage{Folder: options.Folder, options: options, nodes: map[string]*lab.Node{}}
	if stage.Folder == "" {
		folder, err := os.MkdirTemp("", "hikkoshi-demo-")
		if err != nil {
			return nil, fmt.Errorf("make the demo's folder: %w", err)
		}
		stage.Folder, stage.temporary = folder, !options.Keep
	}
	if err := stage.prepare(ctx); err != nil {
		return nil, errors.Join(err, stage.Close())
	}
	return stage, nil
}

func (s *Stage) prepare(ctx context.Context) error {
	s.options.Tell("Fetching Elasticsearch %s and %s by mvn, and an S3 server (versitygw) by go install; both are cached after the first time …", sourceVersion, targetVersion)
	// The S3 server is compiled while the jars come over the network.
	group, fetching := errgroup.WithContext(ctx)
	group.Go(func() error { return lab.Fetch(fetching, s.labProgress(), sourceVersion, targetVersion) })
	group.Go(func() error {
		_, err := s3gateway.Fetch(fetching, func(text string) { s.options.Tell("  S3 server: %s", text) })
		return err
	})
	err := group.Wait()
	if err != nil {
		return err
	}
	root := filepath.Join(s.Folder, "s3")
	s.s3, err = s3gateway.Start(ctx, s3gateway.Options{Root: root, AccessKey: accessKey, SecretKey: secretKey, Region: Region,
		Progress: func(text string) { s.options.Tell("  %s", text) }})
	if err != nil {
		return err
	}
	s.aws, err = fakeaws.Start(context.WithoutCancel(ctx), fakeaws.Options{Account: Account, Region: Region, AccessKey: accessKey, SecretKey: secretKey,
		S3URL: s.s3.URL(), S3AccessKey: accessKey, S3SecretKey: secretKey, S3Root: root,
		Phases:   fakeaws.Phases{Creating: 300 * time.Millisecond, Processing: time.Second, Deleting: time.Second},
		OnCreate: s.createNode, OnDelete: s.deleteNode})
	if err != nil {
		return err
	}
	s.options.Tell("Starting a real Elasticsearch %s: the old domain %s …", sourceVersion, SourceDomain)
	node, err := s.startNode(ctx, SourceDomain, sourceVersion)
	if err != nil {
		return err
	}
	if err := s.aws.Adopt(s.oldDomain(), node.URL()); err != nil {
		return err
	}
	s.options.Tell("Writing %d days of nginx logs and Kibana 4 dashboards into it …", days)
	// The newest of the days is today: the writer goes on where the history ends.
	first := time.Now().UTC().AddDate(0, 0, -(days - 1)).Truncate(24 * time.Hour)
	s.Written, err = lab.Generate(ctx, node.URL(), sourceVersion, lab.Data{Seed: seed, NginxDocs: s.options.Documents, Days: days, FirstDay: first, Kibana: true})
	if err != nil {
		return err
	}
	return s.startWriter(ctx)
}

func (s *Stage) startWriter(ctx context.Context) error {
	s.FluentdConfig, s.Ledger = filepath.Join(s.Folder, "td-agent.conf"), filepath.Join(s.Folder, "acknowledged")
	setup, err := shipper.WriteConfig(s.FluentdConfig, shipper.Setup{URL: s.aws.Endpoint(SourceDomain), Dir: s.Folder})
	if err != nil {
		return err
	}
	s.Shipper, err = shipper.Start(ctx, shipper.Options{ConfigPath: s.FluentdConfig, LedgerPath: s.Ledger, Rate: s.options.Rate, Seed: seed})
	if err != nil {
		return err
	}
	s.options.Tell("A writer with a fluentd configuration sends %.0f events a second, and never stops (its RPC: %s).", s.options.Rate, setup.RPC)
	return nil
}

// oldDomain is a domain as they were in 2016: an access policy by address, two instances that no longer exist for new
// versions, a magnetic disk, an automated snapshot.
func (s *Stage) oldDomain() fakeaws.DomainSpec {
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"es:*","Resource":"arn:aws:es:%s:%s:domain/%s/*","Condition":{"IpAddress":{"aws:SourceIp":["127.0.0.0/8"]}}}]}`, Region, Account, SourceDomain)
	return fakeaws.DomainSpec{Name: SourceDomain, EngineVersion: "Elasticsearch_2.3", InstanceType: "m3.medium.search", InstanceCount: 2,
		Settings: map[string]any{"AccessPolicies": policy}, Tags: map[string]string{"team": "web"}}
}

func (s *Stage) labProgress() func(lab.Event) {
	var last time.Time
	return func(event lab.Event) {
		if event.Stage == lab.StageFetch && time.Since(last) > 2*time.Second {
			last = time.Now()
			s.options.Tell("  %s: %d of %d jars", event.Version, event.Done, event.Total)
		}
	}
}

func (s *Stage) startNode(ctx context.Context, domain, version string) (*lab.Node, error) {
	node, err := lab.Start(ctx, lab.Options{Version: version, RepoDirs: []string{s.aws.S3Root()}, ClusterName: Account + ":" + domain, Detached: s.options.Keep})
	if err != nil {
		return nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.nodes[domain] = node
	return node, nil
}

// createNode gives a new domain a real node, in which Kibana has been opened once, as on the service.
func (s *Stage) createNode(ctx context.Context, spec fakeaws.DomainSpec) (string, error) {
	node, err := s.startNode(ctx, spec.Name, targetVersion)
	if err != nil {
		return "", err
	}
	return node.URL(), openKibana(ctx, node.URL())
}

func (s *Stage) deleteNode(ctx context.Context, domain string) error {
	s.mutex.Lock()
	node := s.nodes[domain]
	delete(s.nodes, domain)
	s.mutex.Unlock()
	if node == nil {
		return nil
	}
	return node.Stop(ctx)
}

// Node is the real node behind a domain, or nil once it is gone.
func (s *Stage) Node(domain string) *lab.Node {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.nodes[domain]
}

// Environment is what a shell needs to speak to the stand-in as the demo does.
func (s *Stage) Environment() map[string]string {
	return map[string]string{"AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_REGION": Region, "AWS_ENDPOINT_URL": s.aws.URL(), "HIKKOSHI_POLL": "200ms"}
}

// Migration is the text of migration.yaml for this stage.
func (s *Stage) Migration() string {
	return fmt.Sprintf(`# The classic move: AWS Elasticsearch Service 2.3 with nginx logs from fluentd, to 5.5.
source:
  domain: %s
target:
  domain: %s
  version: "5.5"
aws:
  region: %s
repository:
  bucket: %s
writers:
  - fluentd: %s
cutover:
  quiet: 3s
`, SourceDomain, TargetDomain, Region, Bucket, s.FluentdConfig)
}

// Close ends everything that the stage started, unless it is kept.
func (s *Stage) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	var errs []error
	if s.Shipper != nil {
		errs = append(errs, s.Shipper.Stop(ctx))
	}
	if s.aws != nil {
		errs = append(errs, s.aws.Close())
	}
	if s.s3 != nil {
		s.s3.Stop()
	}
	s.mutex.Lock()
	nodes := s.nodes
	s.nodes = map[string]*lab.Node{}
	s.mutex.Unlock()
	for _, node := range nodes {
		if !s.options.Keep {
			errs = append(errs, node.Stop(ctx))
		}
	}
	if s.temporary {
		errs = append(errs, os.RemoveAll(s.Folder), os.RemoveAll(s.Folder+".gateway"))
	}
	return errors.Join(errs...)
}
