package aws

// model.go answers: what does the new domain look like, modelled on the old one? Pure: no request is made. Every setting
// that the new version, region or instance type can't have is replaced by the nearest that it can, and reported with
// the reason; what has no nearest is a blocker, and the person decides.
// Next: modelnodes.go (instances and disks), modelrules.go (the other settings), modeltables.go (what is published),
// offers.go (what the service itself says).

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// MigrationTag marks everything we made, with the migration's name as value.
const MigrationTag = "hikkoshi:migration"

// maxDomainName is the service's limit.
const maxDomainName = 28

var domainNameShape = regexp.MustCompile(`^[a-z][a-z0-9-]{2,27}$`)

// Overrides are what the person wants otherwise than on the old domain. Zero means: as it was.
type Overrides struct {
	Name      string // of the new domain; the old name and the version when empty
	Region    string
	Migration string // the value of MigrationTag; no tag when empty

	InstanceType  string // with or without suffix
	InstanceCount int
	MasterType    string
	EBS           *EBS

	VPC    *VPC // other subnets and security groups
	Public bool // no VPC, although the old one is in one

	EncryptionAtRest     *bool
	KMSKey               string
	NodeToNodeEncryption *bool
	TLSPolicy            string
	AccessPolicy         string // replaces the old one's
	MasterARN            string // the master user of fine-grained access control, or
	MasterName           string // a user in the domain's own database

	Tags map[string]string // added; an empty value takes a tag away

	// Offers is what the service says it has (Session.Offers); without it the published tables decide.
	Offers *Offers
}

// DomainPlan is the domain to be made. It holds no secret and can be written into a saved plan.
type DomainPlan struct {
	Domain   Domain
	Blockers []Blocker `json:",omitempty"`
	Notes    []string  `json:",omitempty"` // worth reading before saying yes
}

// Replacement is one setting that the new domain can't have as the old one had it.
type Replacement struct {
	Setting  string // nodes.data.type
	Old, New string // New is "" when the setting is left out
	Reason   string
}

// String is one line for a person.
func (r Replacement) String() string {
	switch {
	case r.New == "":
		return fmt.Sprintf("%s: %s left out (%s)", r.Setting, r.Old, r.Reason)
	case r.Old == "":
		return fmt.Sprintf("%s: %s added (%s)", r.Setting, r.New, r.Reason)
	}
	return fmt.Sprintf("%s: %s becomes %s (%s)", r.Setting, r.Old, r.New, r.Reason)
}

// Blocker is something that only the person can decide; CreateDomain refuses a plan that has one.
type Blocker struct {
	Setting, Reason, Advice string
}

// modeller carries one modelling from rule to rule.
type modeller struct {
	old, made    Domain
	target       es.Version
	wish         Overrides
	replacements []Replacement
	blockers     []Blocker
	notes        []string
}

// Modelled models a new domain of another version on an old one.
func Modelled(old Domain, target es.Version, wish Overrides) (DomainPlan, []Replacement) {
	m := &modeller{old: old, made: old, target: target, wish: wish}
	m.made.ARN, m.made.ID, m.made.Endpoint, m.made.EndpointV2, m.made.State = "", "", "", "", DomainProgress{}
	m.made.Version = es.Version{Product: target.Product, Major: target.Major, Minor: target.Minor}
	m.made.Region = cmp.Or(wish.Region, old.Region)
	// The order matters: the nodes decide which disks and features there can be, security decides on encryption.
	for _, rule := range []func(*modeller){
		(*modeller).name, (*modeller).version, (*modeller).nodes, (*modeller).disks, (*modeller).storageTiers,
		(*modeller).network, (*modeller).security, (*modeller).encryption, (*modeller).endpoint, (*modeller).cognito, (*modeller).logs,
		(*modeller).advancedOptions, (*modeller).upkeep, (*modeller).accessPolicy, (*modeller).tags,
	} {
		rule(m)
	}
	return DomainPlan{Domain: m.made, Blockers: m.blockers, Notes: m.notes}, m.replacements
}

func (m *modeller) replace(setting, old, made, reason string) {
	if old != made {
		m.replacements = append(m.replacements, Replacement{setting, old, made, reason})
	}
}

func (m *modeller) block(setting, reason, advice string) {
	m.blockers = append(m.blockers, Blocker{setting, reason, advice})
}

func (m *modeller) note(format string, values ...any) {
	m.notes = append(m.notes, fmt.Sprintf(format, values...))
}

// reaches says whether the target is at least that release of Elasticsearch, OpenSearch counted as 7.10 and later.
func (m *modeller) reaches(since release) bool { return since.reachedBy(m.target) }

func (m *modeller) otherRegion() bool { return m.old.Region != "" && m.made.Region != m.old.Region }

func (m *modeller) name() {
	m.made.Name = m.wish.Name
	if m.made.Name == "" {
		m.made.Name = NewName(m.old.Name, m.target)
	}
	switch {
	case !domainNameShape.MatchString(m.made.Name):
		m.block("name", fmt.Sprintf("%q is no name for a domain", m.made.Name), "3 to 28 characters: a to z, 0 to 9 and -, beginning with a letter")
	case m.made.Name == m.old.Name && !m.otherRegion():
		m.block("name", "the old and the new domain cannot share the name "+m.made.Name, "choose another name for the new domain")
	}
}

// NewName derives the new domain's name from the old one's: logs-2-3 becomes logs-5-5, logs becomes logs-os-2-19.
func NewName(old string, target es.Version) string {
	product := ""
	if target.Product == es.OpenSearch {
		product = "os-"
	}
	ending := fmt.Sprintf("-%s%d-%d", product, target.Major, target.Minor)
	stem := versionEnding.ReplaceAllString(old, "")
	if room := maxDomainName - len(ending); len(stem) > room {
		stem = stem[:room]
	}
	return strings.TrimRight(stem, "-") + ending
}

var versionEnding = regexp.MustCompile(`-(?:(?:es|os)-?)?[0-9]{1,2}-[0-9]{1,2}$`)

func (m *modeller) version() {
	offered := publishedVersions
	if m.wish.Offers != nil && len(m.wish.Offers.Versions) > 0 {
		offered = m.wish.Offers.Versions
	}
	wanted := EngineVersion(m.target)
	if slices.Contains(offered, wanted) {
		return
	}
	nearest := ""
	for _, text := range offered {
		version, err := es.ParseVersion(text)
		if err != nil || version.Product != m.target.Product {
			continue
		}
		best, bestErr := es.ParseVersion(nearest)
		if bestErr != nil || distance(version, m.target) < distance(best, m.target) {
			nearest = text
		}
	}
	advice := "the service offers " + strings.Join(offered, ", ")
	if nearest != "" {
		advice = fmt.Sprintf("the nearest is %s; all: %s", nearest, strings.Join(offered, ", "))
	}
	m.block("version", "the service has no "+wanted, advice)
}

// distance orders versions by nearness; a major version weighs more than any minor one.
func distance(a, b es.Version) int {
	const major = 100
	apart := (a.Major-b.Major)*major + a.Minor - b.Minor
	return max(apart, -apart)
}

func (m *modeller) tags() {
	tags := map[string]string{}
	for key, value := range m.old.Tags {
		if strings.HasPrefix(key, "aws:") {
			m.replace("tags."+key, value, "", "tags that begin with aws: belong to AWS")
			continue
		}
		// An old domain that we made in an earlier move must not be taken for this move's new one.
		if key != MigrationTag {
			tags[key] = value
		}
	}
	for key, value := range m.wish.Tags {
		if tags[key] = value; value == "" {
			delete(tags, key)
		}
	}
	if m.wish.Migration != "" {
		tags[MigrationTag] = m.wish.Migration
	}
	if len(tags) == 0 {
		tags = nil
	}
	m.made.Tags = tags
}
