package aws

// modeltables.go answers: what has Amazon published about versions, instances and disks? The service's own answers
// (offers.go) win over these tables. Source: the developer guide's pages on instance types, quotas and features by
// engine version.

import "github.com/hikkoshi/hikkoshi/internal/es"

// release is a version of Elasticsearch on the service since which something is there; OpenSearch counts as later than
// all of them.
type release struct{ major, minor int }

func (r release) reachedBy(version es.Version) bool {
	return version.Product == es.OpenSearch || version.AtLeast(r.major, r.minor)
}

// Since which release the service has what.
var (
	sinceEncryptionAtRest = release{5, 1}
	sinceCognito          = release{5, 1}
	sinceLogs             = release{5, 1}
	sinceHourlySnapshots  = release{5, 3}
	sinceNodeToNode       = release{6, 0}
	sinceFineGrained      = release{6, 7}
	sinceAutoTune         = release{6, 7}
	sinceUltraWarm        = release{6, 8}
	sinceStandby          = release{6, 8}
	sinceCoordinators     = release{6, 8}
	sinceCold             = release{7, 9}
)

// publishedVersions are the service's versions, oldest first.
var publishedVersions = []string{
	"Elasticsearch_1.5", "Elasticsearch_2.3", "Elasticsearch_5.1", "Elasticsearch_5.3", "Elasticsearch_5.5", "Elasticsearch_5.6",
	"Elasticsearch_6.0", "Elasticsearch_6.2", "Elasticsearch_6.3", "Elasticsearch_6.4", "Elasticsearch_6.5", "Elasticsearch_6.7",
	"Elasticsearch_6.8", "Elasticsearch_7.1", "Elasticsearch_7.4", "Elasticsearch_7.7", "Elasticsearch_7.8", "Elasticsearch_7.9",
	"Elasticsearch_7.10", "OpenSearch_1.0", "OpenSearch_1.1", "OpenSearch_1.2", "OpenSearch_1.3", "OpenSearch_2.3", "OpenSearch_2.5",
	"OpenSearch_2.7", "OpenSearch_2.9", "OpenSearch_2.11", "OpenSearch_2.13", "OpenSearch_2.15", "OpenSearch_2.17", "OpenSearch_2.19",
	"OpenSearch_3.1", "OpenSearch_3.3",
}

// family is what holds for all sizes of an instance family.
type family struct {
	since       release
	previous    bool // of the previous generation: not taken for a new domain where a successor fits
	unencrypted bool // cannot encrypt at rest or between nodes, nor fine-grained access control
	burstable   bool // no UltraWarm, no Auto-Tune
}

var families = map[string]family{
	"t2": {since: release{1, 5}, previous: true, unencrypted: true, burstable: true},
	"t3": {since: release{5, 6}, burstable: true},
	"m3": {since: release{1, 5}, previous: true, unencrypted: true},
	"r3": {since: release{1, 5}, previous: true, unencrypted: true},
	"i2": {since: release{1, 5}, previous: true, unencrypted: true},
	"d2": {since: release{1, 5}, previous: true},
	"m4": {since: release{1, 5}}, "r4": {since: release{1, 5}}, "c4": {since: release{1, 5}},
	"m5": {since: release{5, 1}}, "r5": {since: release{5, 1}}, "c5": {since: release{5, 1}}, "i3": {since: release{5, 1}},
	"m6g": {since: release{7, 9}}, "r6g": {since: release{7, 9}}, "c6g": {since: release{7, 9}}, "r6gd": {since: release{7, 9}},
}

// ladders name for each type, in the first place, what is nearest to it: same memory or more, same kind, younger.
var ladders = [][]string{
	{"t2.micro", "t3.small", "t2.small", "m5.large", "m4.large"},
	{"t2.small", "t3.small", "m5.large", "m4.large"},
	{"t2.medium", "t3.medium", "m5.large", "m4.large"},
	{"t3.small", "t2.small", "m5.large"},
	{"t3.medium", "t2.medium", "m5.large"},
	{"m3.medium", "m5.large", "m4.large"},
	{"m3.large", "m5.large", "m4.large"},
	{"m3.xlarge", "m5.xlarge", "m4.xlarge"},
	{"m3.2xlarge", "m5.2xlarge", "m4.2xlarge"},
	{"m4.large", "m5.large", "m6g.large"},
	{"m4.xlarge", "m5.xlarge", "m6g.xlarge"},
	{"m4.2xlarge", "m5.2xlarge", "m6g.2xlarge"},
	{"m4.4xlarge", "m5.4xlarge", "m6g.4xlarge"},
	{"m4.10xlarge", "m5.12xlarge", "m6g.12xlarge"},
	{"c4.large", "c5.large", "c6g.large"},
	{"c4.xlarge", "c5.xlarge", "c6g.xlarge"},
	{"c4.2xlarge", "c5.2xlarge", "c6g.2xlarge"},
	{"c4.4xlarge", "c5.4xlarge", "c6g.4xlarge"},
	{"c4.8xlarge", "c5.9xlarge", "c6g.12xlarge"},
	{"r3.large", "r5.large", "r4.large"},
	{"r3.xlarge", "r5.xlarge", "r4.xlarge"},
	{"r3.2xlarge", "r5.2xlarge", "r4.2xlarge"},
	{"r3.4xlarge", "r5.4xlarge", "r4.4xlarge"},
	{"r3.8xlarge", "r5.12xlarge", "r4.8xlarge"},
	{"r4.large", "r5.large", "r6g.large"},
	{"r4.xlarge", "r5.xlarge", "r6g.xlarge"},
	{"r4.2xlarge", "r5.2xlarge", "r6g.2xlarge"},
	{"r4.4xlarge", "r5.4xlarge", "r6g.4xlarge"},
	{"r4.8xlarge", "r5.12xlarge", "r6g.8xlarge"},
	{"r4.16xlarge", "r5.24xlarge", "r5.12xlarge"},
	{"i2.xlarge", "i3.xlarge", "r5.xlarge", "r4.xlarge"},
	{"i2.2xlarge", "i3.2xlarge", "r5.2xlarge", "r4.2xlarge"},
	{"d2.xlarge", "i3.4xlarge", "r5.xlarge"},
	{"d2.2xlarge", "i3.8xlarge", "r5.2xlarge"},
	{"d2.4xlarge", "i3.16xlarge", "r5.4xlarge"},
	{"d2.8xlarge", "i3.16xlarge", "r5.12xlarge"},
	{"m5.large", "m6g.large", "m4.large"},
	{"m5.xlarge", "m6g.xlarge", "m4.xlarge"},
	{"m5.2xlarge", "m6g.2xlarge", "m4.2xlarge"},
	{"m5.4xlarge", "m6g.4xlarge", "m4.4xlarge"},
	{"m5.12xlarge", "m6g.12xlarge", "m4.10xlarge"},
	{"r5.large", "r6g.large", "r4.large"},
	{"r5.xlarge", "r6g.xlarge", "r4.xlarge"},
	{"r5.2xlarge", "r6g.2xlarge", "r4.2xlarge"},
	{"r5.4xlarge", "r6g.4xlarge", "r4.4xlarge"},
	{"r5.12xlarge", "r6g.12xlarge", "r4.16xlarge"},
	{"c5.large", "c6g.large", "c4.large"},
	{"c5.xlarge", "c6g.xlarge", "c4.xlarge"},
	{"c5.2xlarge", "c6g.2xlarge", "c4.2xlarge"},
	{"c5.4xlarge", "c6g.4xlarge", "c4.4xlarge"},
	{"c5.9xlarge", "c6g.8xlarge", "c4.8xlarge"},
	{"i3.large", "r6gd.large"},
	{"i3.xlarge", "r6gd.xlarge"},
	{"i3.2xlarge", "r6gd.2xlarge"},
	{"i3.4xlarge", "r6gd.4xlarge"},
	{"i3.8xlarge", "r6gd.8xlarge"},
	{"i3.16xlarge", "r6gd.16xlarge"},
	{"m6g.large", "m5.large"},
	{"m6g.xlarge", "m5.xlarge"},
	{"m6g.2xlarge", "m5.2xlarge"},
	{"m6g.4xlarge", "m5.4xlarge"},
	{"m6g.8xlarge", "m5.12xlarge"},
	{"m6g.12xlarge", "m5.12xlarge"},
	{"r6g.large", "r5.large"},
	{"r6g.xlarge", "r5.xlarge"},
	{"r6g.2xlarge", "r5.2xlarge"},
	{"r6g.4xlarge", "r5.4xlarge"},
	{"r6g.8xlarge", "r5.12xlarge"},
	{"r6g.12xlarge", "r5.12xlarge"},
	{"c6g.large", "c5.large"},
	{"c6g.xlarge", "c5.xlarge"},
	{"c6g.2xlarge", "c5.2xlarge"},
	{"c6g.4xlarge", "c5.4xlarge"},
}

// disk is how much storage one instance can have, in GiB: EBS of the older types, gp3, and its own.
type disk struct{ ebs, gp3, own int }

// minVolume is the smallest EBS volume of the service in GiB; maxMagnetic the largest magnetic one.
const (
	minVolume   = 10
	maxMagnetic = 100
)

var disks = map[string]disk{
	"t2.micro": {35, 0, 0}, "t2.small": {35, 0, 0}, "t2.medium": {35, 0, 0}, "t3.small": {100, 100, 0}, "t3.medium": {200, 200, 0},
	"m3.medium": {100, 0, 4}, "m3.large": {512, 0, 32}, "m3.xlarge": {512, 0, 80}, "m3.2xlarge": {512, 0, 160},
	"m4.large": {512, 0, 0}, "m4.xlarge": {1024, 0, 0}, "m4.2xlarge": {1536, 0, 0}, "m4.4xlarge": {1536, 0, 0}, "m4.10xlarge": {1536, 0, 0},
	"m5.large": {512, 1024, 0}, "m5.xlarge": {1024, 2048, 0}, "m5.2xlarge": {1536, 3072, 0}, "m5.4xlarge": {3072, 6144, 0}, "m5.12xlarge": {9216, 18432, 0},
	"c4.large": {100, 0, 0}, "c4.xlarge": {512, 0, 0}, "c4.2xlarge": {1024, 0, 0}, "c4.4xlarge": {1536, 0, 0}, "c4.8xlarge": {1536, 0, 0},
	"c5.large": {256, 256, 0}, "c5.xlarge": {512, 512, 0}, "c5.2xlarge": {1024, 1024, 0}, "c5.4xlarge": {1536, 1536, 0}, "c5.9xlarge": {3584, 3584, 0},
	"r3.large": {512, 0, 32}, "r3.xlarge": {512, 0, 80}, "r3.2xlarge": {512, 0, 160}, "r3.4xlarge": {512, 0, 320}, "r3.8xlarge": {512, 0, 640},
	"r4.large": {1024, 0, 0}, "r4.xlarge": {1536, 0, 0}, "r4.2xlarge": {1536, 0, 0}, "r4.4xlarge": {1536, 0, 0}, "r4.8xlarge": {1536, 0, 0}, "r4.16xlarge": {1536, 0, 0},
	"r5.large": {1024, 2048, 0}, "r5.xlarge": {1536, 3072, 0}, "r5.2xlarge": {3072, 6144, 0}, "r5.4xlarge": {6144, 12288, 0}, "r5.12xlarge": {12288, 24576, 0},
	"i2.xlarge": {512, 0, 800}, "i2.2xlarge": {512, 0, 1600},
	"i3.large": {0, 0, 475}, "i3.xlarge": {0, 0, 950}, "i3.2xlarge": {0, 0, 1900}, "i3.4xlarge": {0, 0, 3800}, "i3.8xlarge": {0, 0, 7600}, "i3.16xlarge": {0, 0, 15200},
	"d2.xlarge": {0, 0, 6000}, "d2.2xlarge": {0, 0, 12000}, "d2.4xlarge": {0, 0, 24000}, "d2.8xlarge": {0, 0, 48000},
	"m6g.large": {512, 1024, 0}, "m6g.xlarge": {1024, 2048, 0}, "m6g.2xlarge": {1536, 3072, 0}, "m6g.4xlarge": {3072, 6144, 0}, "m6g.8xlarge": {6144, 12288, 0}, "m6g.12xlarge": {9216, 18432, 0},
	"r6g.large": {1024, 2048, 0}, "r6g.xlarge": {1536, 3072, 0}, "r6g.2xlarge": {3072, 6144, 0}, "r6g.4xlarge": {6144, 12288, 0}, "r6g.8xlarge": {7168, 14336, 0}, "r6g.12xlarge": {12288, 24576, 0},
	"c6g.large": {256, 256, 0}, "c6g.xlarge": {512, 512, 0}, "c6g.2xlarge": {1024, 1024, 0}, "c6g.4xlarge": {1536, 1536, 0}, "c6g.8xlarge": {3072, 3072, 0}, "c6g.12xlarge": {4608, 4608, 0},
	"r6gd.large": {0, 0, 118}, "r6gd.xlarge": {0, 0, 237}, "r6gd.2xlarge": {0, 0, 474}, "r6gd.4xlarge": {0, 0, 950}, "r6gd.8xlarge": {0, 0, 1900}, "r6gd.12xlarge": {0, 0, 2850}, "r6gd.16xlarge": {0, 0, 3800},
}

// The TLS policies that exist; anything else is replaced by the one that every client of today speaks.
const plainTLSPolicy = "Policy-Min-TLS-1-2-2019-07"

var tlsPolicies = []string{
	"Policy-Min-TLS-1-0-2019-07", plainTLSPolicy, "Policy-Min-TLS-1-2-PFS-2023-10", "Policy-Min-TLS-1-2-RFC9151-FIPS-2024-08",
}
