package aws

// domain.go answers: what is a domain, whichever of Amazon's two APIs it was read through? The API of 2015 (es,
// Elasticsearch only) and that of 2021 (opensearch, both products) describe the same thing in two spellings.
// Next: domainread.go (how it is read), model.go (how the new one is modelled on it).

import (
	"fmt"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// Domain is the whole configuration of one domain, without secrets. Read from a service it also has an ARN, an endpoint
// and a state; modelled for a new domain these are empty.
type Domain struct {
	Name     string
	ARN      string `json:",omitempty"`
	ID       string `json:",omitempty"`
	Region   string
	Version  es.Version
	Endpoint string `json:",omitempty"` // with https://
	// CustomEndpoint aside, EndpointV2 also answers IPv6.
	EndpointV2 string `json:",omitempty"`

	Nodes                Nodes
	EBS                  *EBS   `json:",omitempty"` // nil where the instances bring their own disks
	AccessPolicy         string `json:",omitempty"` // JSON
	VPC                  *VPC   `json:",omitempty"`
	EncryptionAtRest     bool
	KMSKey               string `json:",omitempty"`
	NodeToNodeEncryption bool
	Access               EndpointOptions
	Security             Security
	Cognito              *Cognito             `json:",omitempty"`
	AdvancedOptions      map[string]string    `json:",omitempty"`
	Logs                 map[string]LogTarget `json:",omitempty"` // by SEARCH_SLOW_LOGS, INDEX_SLOW_LOGS, ES_APPLICATION_LOGS, AUDIT_LOGS
	AutoTune             *AutoTune            `json:",omitempty"`
	OffPeak              *OffPeak             `json:",omitempty"`
	AutoSoftwareUpdate   bool
	SnapshotHour         *int              `json:",omitempty"` // UTC; only up to 5.1 does it mean anything
	IPAddressType        string            `json:",omitempty"` // ipv4, dualstack
	Tags                 map[string]string `json:",omitempty"`

	State DomainProgress
}

// NodeGroup is a number of instances of one type.
type NodeGroup struct {
	Type  string // m5.large.elasticsearch, m5.large.search
	Count int
}

// Nodes are the instances of a domain.
type Nodes struct {
	Data               NodeGroup
	Masters            *NodeGroup `json:",omitempty"` // dedicated ones
	Warm               *NodeGroup `json:",omitempty"` // UltraWarm
	Coordinators       *NodeGroup `json:",omitempty"`
	ColdStorage        bool
	ZoneAwareness      bool
	AvailabilityZones  int // 0 when not zone aware
	MultiAZWithStandby bool
}

// EBS is the disk of each data node.
type EBS struct {
	Type       string // standard, gp2, gp3, io1
	SizeGiB    int
	IOPS       int `json:",omitempty"`
	Throughput int `json:",omitempty"` // MiB/s, gp3 only
}

// VPC says where in a private network a domain listens.
type VPC struct {
	ID                string `json:",omitempty"`
	Subnets           []string
	SecurityGroups    []string
	AvailabilityZones []string `json:",omitempty"`
	Egress            bool     `json:",omitempty"`
}

// EndpointOptions say how clients reach the domain.
type EndpointOptions struct {
	EnforceHTTPS   bool
	TLSPolicy      string `json:",omitempty"`
	CustomEndpoint string `json:",omitempty"`
	CertificateARN string `json:",omitempty"`
}

// Security is fine-grained access control. The service never tells who the master user is.
type Security struct {
	Enabled       bool
	InternalUsers bool `json:",omitempty"`
	Anonymous     bool `json:",omitempty"`
	// SAML and the other sign-ins can only be set up on a domain that exists; they are read to be reported.
	SAML           bool   `json:",omitempty"`
	SAMLEntity     string `json:",omitempty"`
	JWT            bool   `json:",omitempty"`
	IAMFederation  bool   `json:",omitempty"`
	IdentityCenter bool   `json:",omitempty"`
	// MasterARN is asked of the person for a new domain; MasterName likewise, with a password that CreateDomain takes.
	MasterARN  string `json:",omitempty"`
	MasterName string `json:",omitempty"`
}

// Cognito is the sign-in to Kibana through a user pool.
type Cognito struct {
	UserPool, IdentityPool, RoleARN string
}

// LogTarget is where one kind of log goes.
type LogTarget struct {
	GroupARN string
	Enabled  bool
}

// AutoTune lets the service change memory settings by itself.
type AutoTune struct {
	Enabled bool
	OffPeak bool
}

// OffPeak is the daily window of ten hours in which the service may change things.
type OffPeak struct {
	Enabled       bool
	Hour, Minutes int
}

// EngineVersion is the service's spelling: Elasticsearch_5.5, OpenSearch_2.19. The service has no patch levels.
func EngineVersion(version es.Version) string {
	return version.Product.String() + "_" + bareVersion(version)
}

// bareVersion is how the API of 2015 spells a version: 5.5.
func bareVersion(version es.Version) string {
	return fmt.Sprintf("%d.%d", version.Major, version.Minor)
}

// suffix is how instance types end for a version: the old product's name stays with the old product.
func suffix(version es.Version) string {
	if version.Product == es.OpenSearch {
		return ".search"
	}
	return ".elasticsearch"
}

// bare strips the suffix: m5.large.
func bare(instanceType string) string {
	return strings.TrimSuffix(strings.TrimSuffix(instanceType, ".elasticsearch"), ".search")
}

// withSuffix respells an instance type for a version; an empty type stays empty.
func withSuffix(instanceType string, version es.Version) string {
	if instanceType == "" {
		return ""
	}
	return bare(instanceType) + suffix(version)
}
