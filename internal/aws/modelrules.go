package aws

// modelrules.go answers: what becomes of network, security, encryption, endpoint, logs, upkeep and the access policy?
// Next: offers.go.

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

func (m *modeller) network() {
	switch {
	case m.wish.VPC != nil:
		copied := *m.wish.VPC
		m.made.VPC = &copied
	case m.wish.Public:
		m.made.VPC = nil
	case m.old.VPC != nil && m.otherRegion():
		m.block("vpc", "subnets and security groups of "+m.old.Region+" are not there in "+m.made.Region, "give subnets and security groups of the new region")
	case m.old.VPC != nil:
		copied := VPC{Subnets: m.old.VPC.Subnets, SecurityGroups: m.old.VPC.SecurityGroups, Egress: m.old.VPC.Egress}
		m.made.VPC = &copied
	}
	if m.made.VPC == nil {
		return
	}
	want := 1
	if m.made.Nodes.ZoneAwareness {
		want = m.made.Nodes.AvailabilityZones
	}
	if have := len(m.made.VPC.Subnets); have != want {
		m.block("vpc.subnets", fmt.Sprintf("the service wants exactly one subnet for each zone: zones %d, subnets %d", want, have), "give one subnet for each zone")
	}
}

func (m *modeller) security() {
	made := &m.made.Security
	*made = Security{Enabled: m.old.Security.Enabled, InternalUsers: m.old.Security.InternalUsers, Anonymous: m.old.Security.Anonymous}
	if m.wish.MasterARN != "" || m.wish.MasterName != "" {
		made.Enabled, made.MasterARN, made.MasterName = true, m.wish.MasterARN, m.wish.MasterName
		made.InternalUsers = made.InternalUsers || m.wish.MasterName != ""
		if m.wish.MasterARN != "" && m.wish.MasterName != "" {
			m.block("security.master", "there is either an ARN or a name as master user", "give one of the two")
		}
	}
	if !made.Enabled {
		*made = Security{}
		return
	}
	if !m.reaches(sinceFineGrained) {
		m.replace("security", "fine-grained access control", "", "it is there since 6.7")
		*made = Security{}
		return
	}
	if made.MasterARN == "" && made.MasterName == "" {
		m.block("security.master", "the old domain has fine-grained access control, and the service does not tell who its master user is",
			"name the new domain's master user: an ARN (a role or user of yours), or a name with a password")
	}
	if made.Enabled && m.old.Security.Enabled {
		m.note("roles, users and role mappings of fine-grained access control are data of the security plugin: they are not in the configuration and are moved by their own step")
	}
	for _, signIn := range []struct {
		on   bool
		name string
	}{
		{m.old.Security.SAML, "SAML"}, {m.old.Security.JWT, "JWT"}, {m.old.Security.IAMFederation, "IAM federation"}, {m.old.Security.IdentityCenter, "IAM Identity Center"},
	} {
		if signIn.on {
			m.replace("security."+strings.ToLower(strings.ReplaceAll(signIn.name, " ", "-")), "on", "", signIn.name+" can only be set up on a domain that exists: set it up when the new one is active")
		}
	}
}

func (m *modeller) encryption() {
	m.made.EncryptionAtRest = wished(m.wish.EncryptionAtRest, m.old.EncryptionAtRest)
	m.made.NodeToNodeEncryption = wished(m.wish.NodeToNodeEncryption, m.old.NodeToNodeEncryption)
	m.made.KMSKey = cmp.Or(m.wish.KMSKey, m.old.KMSKey)
	if m.made.EncryptionAtRest && !m.reaches(sinceEncryptionAtRest) {
		m.replace("encryption-at-rest", "on", "", "it is there since 5.1")
		m.made.EncryptionAtRest = false
	}
	if m.made.NodeToNodeEncryption && !m.reaches(sinceNodeToNode) {
		m.replace("node-to-node-encryption", "on", "", "it is there since 6.0")
		m.made.NodeToNodeEncryption = false
	}
	if m.made.Security.Enabled {
		why := "fine-grained access control demands it"
		if !m.made.EncryptionAtRest {
			m.replace("encryption-at-rest", "", "on", why)
		}
		if !m.made.NodeToNodeEncryption {
			m.replace("node-to-node-encryption", "", "on", why)
		}
		m.made.EncryptionAtRest, m.made.NodeToNodeEncryption = true, true
	}
	if !m.made.EncryptionAtRest {
		m.made.KMSKey = ""
	}
	if m.made.KMSKey != "" && m.otherRegion() && m.wish.KMSKey == "" {
		m.replace("encryption-at-rest.key", m.made.KMSKey, "", "KMS keys belong to a region; the new region's own key is taken")
		m.made.KMSKey = ""
	}
}

func wished(wish *bool, old bool) bool {
	if wish != nil {
		return *wish
	}
	return old
}

func (m *modeller) endpoint() {
	access := &m.made.Access
	if m.old.Access.CustomEndpoint != "" {
		m.replace("endpoint.custom", m.old.Access.CustomEndpoint, "", "a name belongs to one domain at a time: it moves at cutover")
		access.CustomEndpoint, access.CertificateARN = "", ""
	}
	if m.wish.TLSPolicy != "" {
		access.TLSPolicy = m.wish.TLSPolicy
	}
	if access.TLSPolicy != "" && !slices.Contains(tlsPolicies, access.TLSPolicy) {
		m.replace("endpoint.tls", access.TLSPolicy, plainTLSPolicy, "this policy does not exist (any more)")
		access.TLSPolicy = plainTLSPolicy
	}
	if access.TLSPolicy == tlsPolicies[0] {
		m.note("the domain still accepts TLS 1.0 and 1.1, as the old one does; %s is the next stricter policy", plainTLSPolicy)
	}
	if m.made.Security.Enabled && !access.EnforceHTTPS {
		m.replace("endpoint.https", "", "enforced", "fine-grained access control demands it")
		access.EnforceHTTPS = true
	}
}

func (m *modeller) cognito() {
	switch {
	case m.made.Cognito == nil:
	case !m.reaches(sinceCognito):
		m.replace("cognito", m.old.Cognito.UserPool, "", "Cognito is there since 5.1")
		m.made.Cognito = nil
	case m.otherRegion():
		m.replace("cognito", m.old.Cognito.UserPool, "", "its pools belong to "+m.old.Region)
		m.made.Cognito = nil
	default:
		copied := *m.old.Cognito
		m.made.Cognito = &copied
	}
}

func (m *modeller) logs() {
	m.made.Logs = nil
	for _, kind := range slices.Sorted(maps.Keys(m.old.Logs)) {
		target := m.old.Logs[kind]
		why := ""
		switch {
		case !m.reaches(sinceLogs):
			why = "logs are published since 5.1"
		case kind == "AUDIT_LOGS" && !m.made.Security.Enabled:
			why = "audit logs need fine-grained access control"
		case m.otherRegion():
			why = "its log group belongs to " + m.old.Region
		}
		if why != "" {
			m.replace("logs."+kind, target.GroupARN, "", why)
			continue
		}
		if m.made.Logs == nil {
			m.made.Logs = map[string]LogTarget{}
		}
		m.made.Logs[kind] = target
	}
}

func (m *modeller) advancedOptions() {
	m.made.AdvancedOptions = nil
	for _, name := range slices.Sorted(maps.Keys(m.old.AdvancedOptions)) {
		value := m.old.AdvancedOptions[name]
		if value == "" {
			continue // the service's way to say "not set"
		}
		if name == "override_main_response_version" && (m.target.Product == es.Elasticsearch || m.target.Major >= 3) {
			m.replace("advanced."+name, value, "", "only OpenSearch 1 and 2 can pretend to be Elasticsearch 7.10")
			continue
		}
		if m.made.AdvancedOptions == nil {
			m.made.AdvancedOptions = map[string]string{}
		}
		m.made.AdvancedOptions[name] = value
	}
}

// upkeep deals with what the service does by itself: snapshots, tuning, updates.
func (m *modeller) upkeep() {
	if m.old.SnapshotHour != nil {
		hour := *m.old.SnapshotHour
		m.made.SnapshotHour = &hour
		if m.reaches(sinceHourlySnapshots) {
			m.made.SnapshotHour = nil
			// Domains that have hourly snapshots report hour 0 all the same: nothing is lost then.
			if !sinceHourlySnapshots.reachedBy(m.old.Version) {
				m.replace("snapshot-hour", fmt.Sprintf("%d:00 UTC", hour), "", "since 5.3 the service takes snapshots every hour")
			}
		}
	}
	if m.old.AutoTune != nil {
		copied := *m.old.AutoTune
		m.made.AutoTune = &copied
		info, _ := familyOf(bare(m.made.Nodes.Data.Type))
		switch {
		case copied.Enabled && info.burstable:
			m.replace("auto-tune", "on", "", "Auto-Tune does not go with "+bare(m.made.Nodes.Data.Type))
			m.made.AutoTune = nil
		case !m.reaches(sinceAutoTune):
			if copied.Enabled {
				m.replace("auto-tune", "on", "", "Auto-Tune is there since 6.7")
			}
			m.made.AutoTune = nil
		}
	}
	if m.made.AutoTune != nil && m.made.AutoTune.OffPeak && (m.old.OffPeak == nil || !m.old.OffPeak.Enabled) {
		m.made.AutoTune.OffPeak = false
	}
	if m.old.OffPeak != nil {
		copied := *m.old.OffPeak
		m.made.OffPeak = &copied
	}
}

// accessPolicy makes the old policy speak of the new domain: it names the domain's ARN.
func (m *modeller) accessPolicy() {
	if m.wish.AccessPolicy != "" {
		m.made.AccessPolicy = m.wish.AccessPolicy
	} else if m.old.AccessPolicy != "" {
		m.made.AccessPolicy = m.renamed(m.old.AccessPolicy)
		m.replace("access-policy", "speaks of "+m.old.Name, "speaks of "+m.made.Name, "each statement names the domain")
	}
	if m.made.AccessPolicy == "" {
		return
	}
	document, err := parsePolicy(m.made.AccessPolicy)
	if err != nil {
		m.block("access-policy", "it cannot be read: "+err.Error(), "give an access policy as JSON")
		return
	}
	if m.made.VPC == nil && !m.made.Security.Enabled && document.openToAll() {
		m.note("the access policy lets everybody in; for a new public domain the service may answer that it wants a restrictive policy or fine-grained access control")
	}
}

func (m *modeller) renamed(policy string) string {
	shape := regexp.MustCompile(`(arn:[a-z-]+:es:)([a-z0-9*-]*)(:[0-9*]*:domain/)` + regexp.QuoteMeta(m.old.Name) + `(["/*])`)
	return shape.ReplaceAllStringFunc(policy, func(found string) string {
		part := shape.FindStringSubmatch(found)
		region := part[2]
		if m.otherRegion() && region == m.old.Region {
			region = m.made.Region
		}
		return part[1] + region + part[3] + m.made.Name + part[4]
	})
}

// compactJSON is for comparing two documents.
func compactJSON(document string) string {
	var value any
	if json.Unmarshal([]byte(document), &value) != nil {
		return document
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return document
	}
	return string(encoded)
}
