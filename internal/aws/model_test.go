package aws_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hikkoshi/hikkoshi/internal/aws"
	"github.com/hikkoshi/hikkoshi/internal/es"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func version(t testing.TB, text string) es.Version {
	t.Helper()
	v, err := es.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// domainOn is a plain domain: nodes of one type with some disk.
func domainOn(v es.Version, instance string, count int, ebs *aws.EBS) aws.Domain {
	return aws.Domain{Name: "logs", Region: "us-east-1", Version: v, Nodes: aws.Nodes{Data: aws.NodeGroup{Type: instance, Count: count}}, EBS: ebs}
}

func TestInstancesAndDisksBecomeTheNearestThereAre(t *testing.T) {
	t.Parallel()
	gp2, gp3, magnetic := "gp2", "gp3", "standard"
	for _, test := range []struct {
		from, to string
		instance string
		count    int
		disk     *aws.EBS
		want     string // type x count, disk
	}{
		{"2.3", "5.5", "m3.medium.elasticsearch", 2, &aws.EBS{Type: magnetic, SizeGiB: 100}, "m5.large.elasticsearch x 2, gp3 100"},
		{"2.3", "5.5", "m3.medium.elasticsearch", 2, nil, "m5.large.elasticsearch x 2, gp3 10"},
		{"2.3", "5.5", "m3.2xlarge.elasticsearch", 2, nil, "m5.2xlarge.elasticsearch x 2, gp3 160"},
		{"2.3", "5.5", "r3.large.elasticsearch", 2, &aws.EBS{Type: gp2, SizeGiB: 512}, "r5.large.elasticsearch x 2, gp2 512"},
		{"2.3", "5.5", "r3.8xlarge.elasticsearch", 1, nil, "r5.12xlarge.elasticsearch x 1, gp3 640"},
		{"2.3", "5.5", "i2.xlarge.elasticsearch", 3, nil, "i3.xlarge.elasticsearch x 3, none"},
		{"2.3", "5.5", "i2.2xlarge.elasticsearch", 3, nil, "i3.2xlarge.elasticsearch x 3, none"},
		{"2.3", "5.5", "d2.xlarge.elasticsearch", 2, nil, "i3.4xlarge.elasticsearch x 4, none"},
		{"2.3", "5.5", "t2.small.elasticsearch", 2, &aws.EBS{Type: gp2, SizeGiB: 35}, "t2.small.elasticsearch x 2, gp2 35"},
		{"2.3", "5.5", "t2.micro.elasticsearch", 1, &aws.EBS{Type: gp2, SizeGiB: 10}, "t2.small.elasticsearch x 1, gp2 10"},
		{"2.3", "5.6", "t2.small.elasticsearch", 2, &aws.EBS{Type: gp2, SizeGiB: 35}, "t3.small.elasticsearch x 2, gp2 35"},
		{"2.3", "7.10", "t2.medium.elasticsearch", 2, &aws.EBS{Type: magnetic, SizeGiB: 35}, "t3.medium.elasticsearch x 2, gp3 35"},
		{"2.3", "5.5", "m4.large.elasticsearch", 3, &aws.EBS{Type: gp2, SizeGiB: 512}, "m4.large.elasticsearch x 3, gp2 512"},
		{"2.3", "5.5", "m4.large.elasticsearch", 3, &aws.EBS{Type: magnetic, SizeGiB: 100}, "m4.large.elasticsearch x 3, gp2 100"},
		{"2.3", "5.5", "m4.large.elasticsearch", 3, &aws.EBS{Type: "io1", SizeGiB: 100, IOPS: 1000}, "m4.large.elasticsearch x 3, io1 100"},
		{"6.8", "OpenSearch_1.3", "m5.large.elasticsearch", 2, &aws.EBS{Type: gp3, SizeGiB: 900, IOPS: 3000, Throughput: 125}, "m5.large.search x 2, gp3 900"},
		{"7.10", "OpenSearch_2.19", "r6gd.large.elasticsearch", 2, nil, "r6gd.large.search x 2, none"},
		{"7.10", "OpenSearch_2.19", "m7g.large.elasticsearch", 2, &aws.EBS{Type: gp3, SizeGiB: 50}, "m7g.large.search x 2, gp3 50"},
		{"OpenSearch_1.3", "OpenSearch_2.19", "r3.large.search", 2, nil, "r5.large.search x 2, gp3 32"},
	} {
		old := domainOn(version(t, test.from), test.instance, test.count, test.disk)
		plan, replaced := aws.Modelled(old, version(t, test.to), aws.Overrides{})
		disk := "none"
		if plan.Domain.EBS != nil {
			disk = fmt.Sprintf("%s %d", plan.Domain.EBS.Type, plan.Domain.EBS.SizeGiB)
		}
		got := fmt.Sprintf("%s x %d, %s", plan.Domain.Nodes.Data.Type, plan.Domain.Nodes.Data.Count, disk)
		if got != test.want {
			t.Errorf("%s on %s for %s: %s, want %s", test.instance, test.from, test.to, got, test.want)
		}
		if len(plan.Blockers) > 0 {
			t.Errorf("%s on %s for %s: %v", test.instance, test.from, test.to, plan.Blockers)
		}
		if plan.Domain.Nodes.Data.Type != test.instance && !mentions(replaced, "nodes.data.type") {
			t.Errorf("%s on %s for %s: the change is not reported: %v", test.instance, test.from, test.to, replaced)
		}
	}
}

func mentions(replaced []aws.Replacement, setting string) bool {
	return slices.ContainsFunc(replaced, func(r aws.Replacement) bool { return r.Setting == setting })
}

func TestWhatTheServiceOffersWinsOverTheTables(t *testing.T) {
	t.Parallel()
	old := domainOn(version(t, "2.3"), "m3.medium.elasticsearch", 2, &aws.EBS{Type: "standard", SizeGiB: 100})
	offers := &aws.Offers{Versions: []string{"Elasticsearch_5.5"}, Instances: map[string]aws.InstanceOffer{"m3.medium": {}}}
	plan, replaced := aws.Modelled(old, version(t, "5.5"), aws.Overrides{Offers: offers})
	if plan.Domain.Nodes.Data.Type != "m3.medium.elasticsearch" || plan.Domain.EBS.Type != "gp2" || mentions(replaced, "nodes.data.type") {
		t.Errorf("offered, and yet: %+v, %v", plan.Domain, replaced)
	}
	offers.Instances = map[string]aws.InstanceOffer{"m4.large": {Encryption: true}}
	plan, _ = aws.Modelled(old, version(t, "5.5"), aws.Overrides{Offers: offers})
	if plan.Domain.Nodes.Data.Type != "m4.large.elasticsearch" {
		t.Errorf("the region has only m4: %+v", plan.Domain.Nodes)
	}
	offers.Volumes = map[string]map[string]aws.VolumeOffer{"m4.large": {"gp2": {Min: 10, Max: 60}}}
	plan, replaced = aws.Modelled(old, version(t, "5.5"), aws.Overrides{Offers: offers})
	if plan.Domain.EBS.SizeGiB != 60 || plan.Domain.Nodes.Data.Count != 4 || !mentions(replaced, "nodes.data.count") {
		t.Errorf("smaller disks, more nodes: %+v %+v %v", plan.Domain.EBS, plan.Domain.Nodes, replaced)
	}
	offers.Instances = map[string]aws.InstanceOffer{"c5.large": {}}
	if plan, _ = aws.Modelled(old, version(t, "5.5"), aws.Overrides{Offers: offers}); len(plan.Blockers) != 1 || plan.Blockers[0].Setting != "nodes.data.type" {
		t.Errorf("nothing near: %v", plan.Blockers)
	}
	for target, want := range map[string]string{"5.4": "Elasticsearch_5.3", "6.1": "Elasticsearch_6.0", "8.15": "Elasticsearch_7.10", "OpenSearch_2.4": "OpenSearch_2.3"} {
		plan, _ = aws.Modelled(old, version(t, target), aws.Overrides{})
		if len(plan.Blockers) != 1 || plan.Blockers[0].Setting != "version" || !strings.Contains(plan.Blockers[0].Advice, want) {
			t.Errorf("%s: %v", target, plan.Blockers)
		}
	}
}

// everything is a domain with every setting on.
func everything(v es.Version) aws.Domain {
	hour := 3
	return aws.Domain{
		Name: "search", ARN: "arn:aws:es:eu-west-1:123456789012:domain/search", ID: "123456789012/search", Region: "eu-west-1", Version: v, Endpoint: "https://old.example",
		Nodes: aws.Nodes{Data: aws.NodeGroup{Type: "m5.large.elasticsearch", Count: 3}, Masters: &aws.NodeGroup{Type: "t2.medium.elasticsearch", Count: 3},
			Warm: &aws.NodeGroup{Type: "ultrawarm1.medium.elasticsearch", Count: 2}, Coordinators: &aws.NodeGroup{Type: "m5.large.elasticsearch", Count: 2},
			ColdStorage: true, ZoneAwareness: true, AvailabilityZones: 3, MultiAZWithStandby: true},
		EBS: &aws.EBS{Type: "gp3", SizeGiB: 100, IOPS: 3000, Throughput: 125},
		AccessPolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"es:*","Resource":["arn:aws:es:eu-west-1:123456789012:domain/search/*",` +
			`"arn:aws:es:eu-west-1:123456789012:domain/search","arn:aws:es:eu-west-1:123456789012:domain/search-2/*"]}]}`,
		VPC:              &aws.VPC{ID: "vpc-1", Subnets: []string{"subnet-1", "subnet-2", "subnet-3"}, SecurityGroups: []string{"sg-1"}, AvailabilityZones: []string{"eu-west-1a"}},
		EncryptionAtRest: true, KMSKey: "arn:aws:kms:eu-west-1:123456789012:key/1", NodeToNodeEncryption: true,
		Access:          aws.EndpointOptions{EnforceHTTPS: true, TLSPolicy: "Policy-Min-TLS-1-0-2019-07", CustomEndpoint: "search.example.com", CertificateARN: "arn:aws:acm:eu-west-1:123456789012:certificate/1"},
		Security:        aws.Security{Enabled: true, InternalUsers: true, SAML: true, SAMLEntity: "idp", JWT: true},
		Cognito:         &aws.Cognito{UserPool: "up", IdentityPool: "ip", RoleARN: "arn:aws:iam::123456789012:role/cognito"},
		AdvancedOptions: map[string]string{"override_main_response_version": "true", "indices.query.bool.max_clause_count": "2048", "indices.fielddata.cache.size": ""},
		Logs: map[string]aws.LogTarget{"ES_APPLICATION_LOGS": {GroupARN: "arn:aws:logs:eu-west-1:123456789012:log-group:app", Enabled: true},
			"AUDIT_LOGS": {GroupARN: "arn:aws:logs:eu-west-1:123456789012:log-group:audit", Enabled: true}},
		AutoTune: &aws.AutoTune{Enabled: true, OffPeak: true}, OffPeak: &aws.OffPeak{Enabled: true, Hour: 22}, AutoSoftwareUpdate: true, SnapshotHour: &hour,
		IPAddressType: "ipv4", Tags: map[string]string{"team": "search", "aws:cloudformation:stack-name": "s", aws.MigrationTag: "an-earlier-one", "empty": ""},
		State: aws.DomainProgress{Exists: true, Created: true, HasAddress: true},
	}
}

func TestZonesDecideOnCountsAndSubnets(t *testing.T) {
	t.Parallel()
	old := domainOn(version(t, "5.5"), "m5.large.elasticsearch", 4, &aws.EBS{Type: "gp2", SizeGiB: 10})
	old.Nodes.ZoneAwareness, old.Nodes.AvailabilityZones = true, 2
	plan, replaced := aws.Modelled(old, version(t, "6.8"), aws.Overrides{InstanceCount: 5, VPC: &aws.VPC{Subnets: []string{"subnet-1"}}})
	if plan.Domain.Nodes.Data.Count != 6 || !mentions(replaced, "nodes.data.count") {
		t.Errorf("%+v, %v", plan.Domain.Nodes, replaced)
	}
	if len(plan.Blockers) != 1 || plan.Blockers[0].Setting != "vpc.subnets" {
		t.Errorf("%v", plan.Blockers)
	}
}

func TestGoldenModels(t *testing.T) {
	t.Parallel()
	on := true
	for name, test := range map[string]struct {
		old    aws.Domain
		target string
		wish   aws.Overrides
	}{
		"classic": {func() aws.Domain {
			d := domainOn(version(t, "2.3"), "m3.medium.elasticsearch", 4, &aws.EBS{Type: "standard", SizeGiB: 80})
			hour := 3
			d.SnapshotHour, d.AccessPolicy, d.Tags = &hour, oldPolicy, map[string]string{"team": "web"}
			d.Nodes.Masters = &aws.NodeGroup{Type: "t2.micro.elasticsearch", Count: 3}
			return d
		}(), "5.5.2", aws.Overrides{Migration: "m1"}},
		"everything-to-opensearch-2":   {everything(version(t, "7.10")), "OpenSearch_2.19", aws.Overrides{Migration: "m1", MasterARN: "arn:aws:iam::123456789012:role/admin"}},
		"everything-to-opensearch-3":   {everything(version(t, "OpenSearch_2.19")), "OpenSearch_3.3", aws.Overrides{MasterName: "root"}},
		"everything-to-another-region": {everything(version(t, "7.10")), "OpenSearch_1.3", aws.Overrides{Region: "us-east-1", MasterName: "root"}},
		"everything-backwards":         {everything(version(t, "7.10")), "5.1", aws.Overrides{}},
		"encrypted-on-the-way": {domainOn(version(t, "2.3"), "m3.large.elasticsearch", 2, &aws.EBS{Type: "gp2", SizeGiB: 100}), "6.8",
			aws.Overrides{EncryptionAtRest: &on, NodeToNodeEncryption: &on, TLSPolicy: "Policy-Min-TLS-9", Tags: map[string]string{"new": "yes"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, err := json.Marshal(test.old)
			if err != nil {
				t.Fatal(err)
			}
			plan, replaced := aws.Modelled(test.old, version(t, test.target), test.wish)
			after, err := json.Marshal(test.old)
			if err != nil || string(before) != string(after) {
				t.Error("the old domain was altered")
			}
			var text strings.Builder
			for _, r := range replaced {
				fmt.Fprintln(&text, r)
			}
			for _, b := range plan.Blockers {
				fmt.Fprintf(&text, "BLOCKED %s: %s (%s)\n", b.Setting, b.Reason, b.Advice)
			}
			for _, note := range plan.Notes {
				fmt.Fprintln(&text, "note:", note)
			}
			encoded, err := json.MarshalIndent(plan.Domain, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			text.Write(encoded)
			text.WriteByte('\n')
			golden := filepath.Join("testdata", "model", name+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, []byte(text.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if difference := cmp.Diff(string(want), text.String()); difference != "" {
				t.Error(difference)
			}
		})
	}
}

func TestNamesAreDerivedAndChecked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ old, target, want string }{
		{"logs", "5.5", "logs-5-5"}, {"logs-2-3", "5.5", "logs-5-5"}, {"logs-es-2-3", "OpenSearch_2.19", "logs-os-2-19"}, {"logs-os-1-3", "OpenSearch_2.19", "logs-os-2-19"},
		{"a-name-of-exactly-28-letters", "7.10", "a-name-of-exactly-28-le-7-10"}, {"web2-1", "5.5", "web2-1-5-5"},
	} {
		if got := aws.NewName(test.old, version(t, test.target)); got != test.want || len(got) > 28 {
			t.Errorf("%s for %s: %s, want %s", test.old, test.target, got, test.want)
		}
	}
	old := domainOn(version(t, "2.3"), "m4.large.elasticsearch", 1, nil)
	for _, name := range []string{"logs", "Logs", "x", "a_b", strings.Repeat("a", 29), "2logs"} {
		plan, _ := aws.Modelled(old, version(t, "5.5"), aws.Overrides{Name: name})
		if len(plan.Blockers) != 1 || plan.Blockers[0].Setting != "name" {
			t.Errorf("%s: %v", name, plan.Blockers)
		}
	}
}

func TestTheNewDomainNeverHasLessDiskWithoutSayingSo(t *testing.T) {
	t.Parallel()
	types := []string{"t2.micro", "t2.small", "m3.medium", "m3.2xlarge", "m4.large", "r3.large", "r3.8xlarge", "i2.xlarge", "d2.8xlarge", "c4.large", "r4.16xlarge", "m5.large", "i3.large", "m6g.large", "x9.large"}
	targets := []string{"5.1", "5.5", "6.8", "7.10", "OpenSearch_1.3", "OpenSearch_3.3"}
	rapid.Check(t, func(r *rapid.T) {
		instance := rapid.SampledFrom(types).Draw(r, "type") + ".elasticsearch"
		var disk *aws.EBS
		size := 0
		if rapid.Bool().Draw(r, "ebs") {
			size = rapid.IntRange(0, 2000).Draw(r, "size")
			disk = &aws.EBS{Type: rapid.SampledFrom([]string{"standard", "gp2", "gp3", "io1"}).Draw(r, "kind"), SizeGiB: size}
		}
		count := rapid.IntRange(0, 40).Draw(r, "count")
		old := domainOn(es.Version{Major: 2, Minor: 3}, instance, count, disk)
		if rapid.Bool().Draw(r, "zones") {
			old.Nodes.ZoneAwareness, old.Nodes.AvailabilityZones = true, rapid.IntRange(2, 3).Draw(r, "zone count")
		}
		target, err := es.ParseVersion(rapid.SampledFrom(targets).Draw(r, "target"))
		if err != nil {
			r.Fatal(err)
		}
		plan, _ := aws.Modelled(old, target, aws.Overrides{})
		made := plan.Domain
		if made.EBS != nil && disk != nil && made.EBS.SizeGiB*made.Nodes.Data.Count < size*count && len(plan.Notes) == 0 {
			r.Fatalf("%d GiB became %d x %d GiB", size*count, made.Nodes.Data.Count, made.EBS.SizeGiB)
		}
		if made.Nodes.Data.Count < count {
			r.Fatal("fewer nodes")
		}
		if strings.HasSuffix(made.Nodes.Data.Type, ".search") != (target.Product == es.OpenSearch) {
			r.Fatalf("%s for %s", made.Nodes.Data.Type, target)
		}
	})
}
