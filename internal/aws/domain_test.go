package aws_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hikkoshi/hikkoshi/internal/aws"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
)

// oldPolicy is an access policy as most old domains have it: it names the domain.
const oldPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"es:*","Resource":"arn:aws:es:us-east-1:123456789012:domain/logs/*"}]}`

// oldLogs is the domain of the classic move, with everything that version 2.3 can have set to something.
func oldLogs() fakeaws.DomainSpec {
	return fakeaws.DomainSpec{Name: "logs", EngineVersion: "Elasticsearch_2.3", Tags: map[string]string{"team": "web", "cost": "42"}, Settings: map[string]any{
		"ClusterConfig": map[string]any{"InstanceType": "m3.medium.search", "InstanceCount": 4, "DedicatedMasterEnabled": true, "DedicatedMasterType": "t2.small.search",
			"DedicatedMasterCount": 3, "ZoneAwarenessEnabled": true, "ZoneAwarenessConfig": map[string]any{"AvailabilityZoneCount": 2}},
		"EBSOptions": map[string]any{"EBSEnabled": true, "VolumeType": "standard", "VolumeSize": 80}, "AccessPolicies": oldPolicy,
		"SnapshotOptions": map[string]any{"AutomatedSnapshotStartHour": 3}, "AdvancedOptions": map[string]any{"indices.fielddata.cache.size": "40"},
	}}
}

func TestAWholeDomainIsRead(t *testing.T) {
	t.Parallel()
	s := startStand(t, fakeaws.Options{})
	if err := s.Adopt(oldLogs(), "http://127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	d, err := s.ReadDomain(t.Context(), "logs")
	if err != nil {
		t.Fatal(err)
	}
	hour := 3
	want := aws.Domain{
		Name: "logs", ARN: "arn:aws:es:us-east-1:123456789012:domain/logs", Region: "us-east-1", Version: es.Version{Major: 2, Minor: 3},
		Nodes: aws.Nodes{Data: aws.NodeGroup{Type: "m3.medium.elasticsearch", Count: 4}, Masters: &aws.NodeGroup{Type: "t2.small.elasticsearch", Count: 3},
			ZoneAwareness: true, AvailabilityZones: 2},
		EBS: &aws.EBS{Type: "standard", SizeGiB: 80}, AccessPolicy: oldPolicy, SnapshotHour: &hour,
		Access:          aws.EndpointOptions{TLSPolicy: "Policy-Min-TLS-1-0-2019-07"},
		AdvancedOptions: map[string]string{"rest.action.multi.allow_explicit_index": "true", "indices.fielddata.cache.size": "40"},
		AutoTune:        &aws.AutoTune{},
		Tags:            map[string]string{"team": "web", "cost": "42"},
	}
	if !d.State.Ready() || !strings.HasPrefix(d.Endpoint, "http") {
		t.Errorf("state %v, endpoint %q", d.State, d.Endpoint)
	}
	want.State, want.ID, want.Endpoint = d.State, d.ID, d.Endpoint
	if difference := cmp.Diff(want, d); difference != "" {
		t.Error(difference)
	}
}

func TestACallerWithRightsFromBefore2021ReadsThroughTheOldAPI(t *testing.T) {
	t.Parallel()
	s := startStand(t, fakeaws.Options{})
	if err := s.Adopt(oldLogs(), "http://127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	fresh, err := s.ReadDomain(t.Context(), "logs")
	if err != nil {
		t.Fatal(err)
	}
	old := s.userWith(t, "since-2016", "es:DescribeElasticsearchDomain", "es:ListTags", "es:CreateElasticsearchDomain", "es:DeleteElasticsearchDomain", "es:AddTags")
	read, err := old.ReadDomain(t.Context(), "logs")
	if err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff(fresh, read); difference != "" {
		t.Error("the two APIs read different domains:", difference)
	}
	plan, _ := aws.Modelled(read, es.Version{Major: 5, Minor: 5}, aws.Overrides{Migration: "m1"})
	if _, err := old.CreateDomain(t.Context(), plan, aws.Secret{}); err != nil {
		t.Fatal(err)
	}
	made, err := old.WaitDomain(t.Context(), plan.Domain.Name, nil)
	if err != nil {
		t.Fatal(err)
	}
	if made.Version.Major != 5 || made.Tags["team"] != "web" || made.Nodes.Masters == nil {
		t.Errorf("made %+v", made)
	}
	if progress, err := old.DeleteDomain(t.Context(), plan.Domain.Name); err != nil || !progress.Deleting {
		t.Errorf("%v, %v", progress, err)
	}
	var called []string
	for _, call := range s.Calls() {
		if strings.Contains(call.Caller, "since-2016") && call.Status == 200 {
			called = append(called, call.Action)
		}
	}
	for _, action := range []string{"DescribeElasticsearchDomain", "CreateElasticsearchDomain", "DeleteElasticsearchDomain"} {
		if !slices.Contains(called, action) {
			t.Errorf("%s was not called: %v", action, called)
		}
	}
}

func TestADomainThatIsNotThereNamesThoseThatAre(t *testing.T) {
	t.Parallel()
	s := startStand(t, fakeaws.Options{})
	_, err := s.ReadDomain(t.Context(), "lgos")
	if hint, ok := isHint(err); !errors.Is(err, aws.ErrNotFound) || !ok || !strings.Contains(hint, "no domain at all") {
		t.Errorf("%v, hint %q", err, hint)
	}
	if err := s.Adopt(oldLogs(), "http://127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	_, err = s.ReadDomain(t.Context(), "lgos")
	if hint, _ := isHint(err); !errors.Is(err, aws.ErrNotFound) || !strings.Contains(hint, "logs") {
		t.Errorf("%v, hint %q", err, hint)
	}
	listed, err := s.ListDomains(t.Context())
	if err != nil || len(listed) != 1 || listed[0] != (aws.ListedDomain{Name: "logs"}) {
		t.Errorf("%v, %v", listed, err)
	}
	if progress, err := s.DomainStatus(t.Context(), "lgos"); err != nil || progress.Exists {
		t.Errorf("%v, %v", progress, err)
	}
}

func TestTheClassicMoveMakesItsDomainAndLetsTheOldOneGo(t *testing.T) {
	t.Parallel()
	// Both wait for the test, so that every state is seen.
	nodeUp, nodeGone := make(chan struct{}), make(chan struct{})
	s := startStand(t, fakeaws.Options{
		OnCreate: func(ctx context.Context, _ fakeaws.DomainSpec) (string, error) {
			select {
			case <-nodeUp:
			case <-ctx.Done():
			}
			return "http://127.0.0.1:1", ctx.Err()
		},
		OnDelete: func(ctx context.Context, _ string) error {
			select {
			case <-nodeGone:
			case <-ctx.Done():
			}
			return nil
		},
	})
	ctx := t.Context()
	if err := s.Adopt(oldLogs(), "http://127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	old, err := s.ReadDomain(ctx, "logs")
	if err != nil {
		t.Fatal(err)
	}
	offers, err := s.Offers(ctx, es.Version{Major: 5, Minor: 5}, old)
	if err != nil || len(offers.Notes) > 0 {
		t.Fatalf("%v, notes %v", err, offers.Notes)
	}
	plan, _ := aws.Modelled(old, es.Version{Major: 5, Minor: 5, Patch: 2}, aws.Overrides{Migration: "m1", Offers: offers})
	first, err := s.CreateDomain(ctx, plan, aws.Secret{})
	if err != nil || first.Ready() {
		t.Fatalf("%v, %v", first, err)
	}
	// The process was killed before it could note that: the same command again.
	if _, err := s.CreateDomain(ctx, plan, aws.Secret{}); err != nil {
		t.Errorf("the second run: %v", err)
	}
	var lines []string
	made, err := s.WaitDomain(ctx, plan.Domain.Name, func(p aws.DomainProgress) {
		if lines = append(lines, p.String()); len(lines) == 1 {
			close(nodeUp)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) < 2 || lines[len(lines)-1] != "active" || !strings.HasPrefix(lines[0], "being created") {
		t.Errorf("progress: %q", lines)
	}
	if made.Endpoint == "" || made.Version != (es.Version{Major: 5, Minor: 5}) || made.Tags[aws.MigrationTag] != "m1" || !strings.Contains(made.AccessPolicy, "domain/logs-5-5/*") {
		t.Errorf("made %+v", made)
	}
	// Another migration may not take it for its own.
	foreign, _ := aws.Modelled(old, es.Version{Major: 5, Minor: 5}, aws.Overrides{Migration: "m2", Offers: offers})
	if _, err := s.CreateDomain(ctx, foreign, aws.Secret{}); !errors.Is(err, aws.ErrAlreadyExists) {
		t.Errorf("a domain of that name: %v", err)
	}
	progress, err := s.DeleteDomain(ctx, "logs")
	if err != nil || !progress.Deleting {
		t.Fatalf("%v, %v", progress, err)
	}
	if again, err := s.DeleteDomain(ctx, "logs"); err != nil || !again.Deleting {
		t.Errorf("asked twice: %v, %v", again, err)
	}
	let := sync.OnceFunc(func() { close(nodeGone) })
	if err := s.WaitDomainGone(ctx, "logs", func(aws.DomainProgress) { let() }); err != nil {
		t.Fatal(err)
	}
	if gone, err := s.DeleteDomain(ctx, "logs"); err != nil || gone.Exists {
		t.Errorf("gone and asked again: %v, %v", gone, err)
	}
	if err := s.WaitDomainGone(ctx, made.Name, nil); !errors.Is(err, aws.ErrRefused) {
		t.Errorf("waiting for a domain that nobody deletes: %v", err)
	}
}

func TestWaitingEndsWithTheContextAndOutlivesPassingFaults(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	s := startStand(t, fakeaws.Options{OnCreate: func(ctx context.Context, _ fakeaws.DomainSpec) (string, error) {
		select {
		case <-never:
		case <-ctx.Done():
		}
		return "", errors.New("no node")
	}})
	old := aws.Domain{Name: "logs", Region: testRegion, Version: es.Version{Major: 5, Minor: 5}, Nodes: aws.Nodes{Data: aws.NodeGroup{Type: "m5.large.elasticsearch", Count: 1}}, EBS: &aws.EBS{Type: "gp2", SizeGiB: 10}}
	plan, _ := aws.Modelled(old, es.Version{Major: 6, Minor: 8}, aws.Overrides{Migration: "m1"})
	if _, err := s.CreateDomain(t.Context(), plan, aws.Secret{}); err != nil {
		t.Fatal(err)
	}
	s.Inject(fakeaws.Fault{Action: "DescribeDomain", Status: 503, Code: "ServiceUnavailable", Times: 2})
	s.Inject(fakeaws.Fault{Action: "DescribeDomain", CutConnection: true, Times: 1})
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.WaitDomain(ctx, plan.Domain.Name, func(aws.DomainProgress) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAPlanThatCannotWorkIsRefusedBeforeTheServiceIsAsked(t *testing.T) {
	t.Parallel()
	s := startStand(t, fakeaws.Options{})
	old := aws.Domain{Name: "logs", Region: testRegion, Version: es.Version{Major: 6, Minor: 8}, Nodes: aws.Nodes{Data: aws.NodeGroup{Type: "m5.large.elasticsearch", Count: 1}}, Security: aws.Security{Enabled: true}}
	plan, _ := aws.Modelled(old, es.Version{Product: es.OpenSearch, Major: 1, Minor: 3}, aws.Overrides{})
	before := len(s.Calls())
	_, err := s.CreateDomain(t.Context(), plan, aws.Secret{})
	if hint, _ := isHint(err); !errors.Is(err, aws.ErrRefused) || !strings.Contains(hint, "master user") {
		t.Errorf("%v, hint %q", err, hint)
	}
	plan, _ = aws.Modelled(old, es.Version{Product: es.OpenSearch, Major: 1, Minor: 3}, aws.Overrides{MasterName: "root"})
	if _, err := s.CreateDomain(t.Context(), plan, aws.Secret{}); !errors.Is(err, aws.ErrRefused) || !strings.Contains(err.Error(), "password") {
		t.Errorf("without a password: %v", err)
	}
	if len(s.Calls()) != before {
		t.Error("the service was asked")
	}
	if _, err := s.CreateDomain(t.Context(), plan, aws.NewSecret("Pass-word-1")); err != nil {
		t.Errorf("with a password: %v", err)
	}
}

func TestTheServicesOwnRefusalsAreTold(t *testing.T) {
	t.Parallel()
	s := startStand(t, fakeaws.Options{MaxDomains: 1})
	good := aws.Domain{Name: "one", Region: testRegion, Version: es.Version{Major: 5, Minor: 5}, Nodes: aws.Nodes{Data: aws.NodeGroup{Type: "m5.large.elasticsearch", Count: 1}}, EBS: &aws.EBS{Type: "gp2", SizeGiB: 10}}
	bad := good
	bad.Name, bad.EBS = "two", nil
	_, err := s.CreateDomain(t.Context(), aws.DomainPlan{Domain: bad}, aws.Secret{})
	if !errors.Is(err, aws.ErrRefused) || !strings.Contains(err.Error(), "EBS storage must be selected") {
		t.Errorf("without disks: %v", err)
	}
	if _, err := s.CreateDomain(t.Context(), aws.DomainPlan{Domain: good}, aws.Secret{}); err != nil {
		t.Fatal(err)
	}
	third := good
	third.Name = "three"
	_, err = s.CreateDomain(t.Context(), aws.DomainPlan{Domain: third}, aws.Secret{})
	if hint, _ := isHint(err); !errors.Is(err, aws.ErrLimit) || !strings.Contains(hint, "quota") {
		t.Errorf("one too many: %v, hint %q", err, hint)
	}
	weak := s.userWith(t, "weak", "es:DescribeDomain")
	_, err = weak.CreateDomain(t.Context(), aws.DomainPlan{Domain: third}, aws.Secret{})
	if hint, _ := isHint(err); !errors.Is(err, aws.ErrAccessDenied) || !strings.Contains(hint, `"es:CreateDomain"`) {
		t.Errorf("without the right: %v, hint %q", err, hint)
	}
}
