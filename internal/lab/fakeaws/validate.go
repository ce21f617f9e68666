// This file answers: which configurations does the service refuse, and with which words? A text with a link was read in a report
// of the real service; one marked (recalled) is the service's as we remember it, not looked up; the others are our words.

package fakeaws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// domainName is what a name may be.
var domainName = regexp.MustCompile(`^[a-z][a-z0-9\-]+$`)

const (
	domainNameMin, domainNameMax = 3, 28
	nodesMax                     = 80
)

func invalid(format string, args ...any) *apiError {
	return &apiError{http.StatusBadRequest, "ValidationException", fmt.Sprintf(format, args...)}
}

func wrongType(format string, args ...any) *apiError {
	return &apiError{http.StatusConflict, "InvalidTypeException", fmt.Sprintf(format, args...)}
}

// checkName is the constraint on names, in the service's generic words (the form: tf_aws_elasticsearch #52).
func checkName(name string) *apiError {
	const form = "1 validation error detected: Value '%s' at 'domainName' failed to satisfy constraint: Member must "
	switch {
	case len(name) < domainNameMin:
		return invalid(form+"have length greater than or equal to %d", name, domainNameMin)
	case len(name) > domainNameMax:
		return invalid(form+"have length less than or equal to %d", name, domainNameMax)
	case !domainName.MatchString(name):
		return invalid(form+`satisfy regular expression pattern: [a-z][a-z0-9\-]+`, name)
	}
	return nil
}

// checkNew fills in defaults and checks a domain to be. The mutex is held.
func (s *Server) checkNew(name string, settings map[string]any) *apiError {
	if refusal := checkName(name); refusal != nil {
		return refusal
	}
	version, _ := settings["EngineVersion"].(string)
	if !engineVersion(version).known() {
		return invalid("Unsupported engine version: %s", version)
	}
	if _, refusal := s.lookup(name); refusal == nil {
		return &apiError{http.StatusConflict, "ResourceAlreadyExistsException", "Domain already exists"}
	}
	if s.o.MaxDomains > 0 && len(s.domains) >= s.o.MaxDomains {
		return &apiError{http.StatusConflict, "LimitExceededException", fmt.Sprintf("You have reached the limit of %d domains in this region", s.o.MaxDomains)}
	}
	fillDefaults(settings)
	return s.checkSettings(settings)
}

// defaultSettings returns what the service sets when a caller says nothing.
func defaultSettings() map[string]any {
	return map[string]any{
		"ClusterConfig":               map[string]any{"InstanceType": "m4.large.search", "InstanceCount": 1.0, "DedicatedMasterEnabled": false, "ZoneAwarenessEnabled": false, "WarmEnabled": false},
		"EBSOptions":                  map[string]any{"EBSEnabled": false},
		"AccessPolicies":              "",
		"SnapshotOptions":             map[string]any{"AutomatedSnapshotStartHour": 0.0},
		"AdvancedOptions":             map[string]any{"rest.action.multi.allow_explicit_index": "true"},
		"EncryptionAtRestOptions":     map[string]any{"Enabled": false},
		"NodeToNodeEncryptionOptions": map[string]any{"Enabled": false},
		"CognitoOptions":              map[string]any{"Enabled": false},
		"DomainEndpointOptions":       map[string]any{"EnforceHTTPS": false, "TLSSecurityPolicy": "Policy-Min-TLS-1-0-2019-07", "CustomEndpointEnabled": false},
		"AdvancedSecurityOptions":     map[string]any{"Enabled": false, "InternalUserDatabaseEnabled": false},
	}
}

// fillDefaults adds the defaults, field by field.
func fillDefaults(settings map[string]any) {
	for option, value := range defaultSettings() {
		have, ok := settings[option].(map[string]any)
		want, isMap := value.(map[string]any)
		switch {
		case settings[option] == nil:
			settings[option] = value
		case ok && isMap:
			for k, v := range want {
				if _, there := have[k]; !there {
					have[k] = v
				}
			}
		}
	}
}

// checkSettings checks options that have all their defaults. The mutex is held.
func (s *Server) checkSettings(settings map[string]any) *apiError {
	version := engineVersion(fmt.Sprint(settings["EngineVersion"]))
	for option, value := range defaultSettings() {
		_, want := value.(map[string]any)
		if _, have := settings[option].(map[string]any); want && !have {
			return wrongType("%s must be a structure", option)
		}
	}
	checks := []func(engineVersion, map[string]any) *apiError{s.checkNodes, checkStorage, checkFeatures, s.checkVPC, checkOptions, s.checkAccessPolicy}
	for _, check := range checks {
		if refusal := check(version, settings); refusal != nil {
			return refusal
		}
	}
	return nil
}

// checkNodes checks types and counts.
func (s *Server) checkNodes(version engineVersion, settings map[string]any) *apiError {
	cluster, _ := settings["ClusterConfig"].(map[string]any)
	roles := []string{"InstanceType"}
	if cluster["DedicatedMasterEnabled"] == true {
		roles = append(roles, "DedicatedMasterType")
		if count, _ := number(cluster["DedicatedMasterCount"]); count < 2 {
			return invalid("You must specify a dedicated master count of at least 2")
		}
	}
	for _, role := range roles {
		name := fmt.Sprint(cluster[role])
		kind, known := findType(name)
		if !known {
			return invalid("1 validation error detected: Value '%s' at 'clusterConfig.%s' failed to satisfy constraint: Member must satisfy enum value set", name, strings.ToLower(role[:1])+role[1:])
		}
		if !kind.offered(version) {
			return invalid("Instance type %s is not supported for version %s", name, version)
		}
	}
	count, ok := number(cluster["InstanceCount"])
	if !ok || count < 1 || count > nodesMax {
		return invalid("Instance count must be between 1 and %d", nodesMax)
	}
	if cluster["ZoneAwarenessEnabled"] == true {
		zones := 2
		if config, ok := cluster["ZoneAwarenessConfig"].(map[string]any); ok {
			if n, ok := number(config["AvailabilityZoneCount"]); ok {
				zones = n
			}
		}
		if zones == 2 && count%2 != 0 {
			// (recalled)
			return invalid("You must choose an even number of data nodes for a two Availability Zone deployment")
		}
		if count < zones {
			return invalid("You must choose a minimum of three data nodes for a three Availability Zone deployment")
		}
	}
	if cluster["WarmEnabled"] == true && !version.atLeast("6.8") {
		return invalid("UltraWarm is not supported for version %s", version)
	}
	return nil
}

// checkStorage checks EBS against the instance type.
func checkStorage(version engineVersion, settings map[string]any) *apiError {
	ebs, _ := settings["EBSOptions"].(map[string]any)
	cluster, _ := settings["ClusterConfig"].(map[string]any)
	name := fmt.Sprint(cluster["InstanceType"])
	kind, _ := findType(name)
	if ebs["EBSEnabled"] != true {
		if !kind.ownDisk {
			// (recalled)
			return invalid("EBS storage must be selected for %s", name)
		}
		return nil
	}
	if kind.ebsMax == 0 {
		return invalid("EBS storage is not supported for %s", name)
	}
	if size, _ := number(ebs["VolumeSize"]); size < kind.ebsMin || size > kind.ebsMax {
		// (recalled)
		return invalid("Volume size must be between %d and %d for %s instance type and elasticsearch version %s", kind.ebsMin, kind.ebsMax, name, version.number())
	}
	if _, has := number(ebs["Iops"]); has && ebs["VolumeType"] == "gp2" {
		return invalid("Iops can be set only for the volume types io1 and gp3")
	}
	return nil
}

// checkFeatures checks what older versions lack.
func checkFeatures(version engineVersion, settings map[string]any) *apiError {
	on := func(option string) bool {
		o, _ := settings[option].(map[string]any)
		return o["Enabled"] == true
	}
	cluster, _ := settings["ClusterConfig"].(map[string]any)
	kind, _ := findType(fmt.Sprint(cluster["InstanceType"]))
	switch {
	case on("EncryptionAtRestOptions") && !version.atLeast("5.1"):
		return invalid("Encryption at rest is not supported for version %s", version)
	case on("EncryptionAtRestOptions") && !kind.encrypted:
		return invalid("Encryption at rest is not supported with %s", cluster["InstanceType"])
	case on("NodeToNodeEncryptionOptions") && !version.atLeast("6.0"):
		return invalid("Node-to-node encryption is not supported for version %s", version)
	case on("AdvancedSecurityOptions") && !version.atLeast("6.7"):
		return invalid("Advanced security is not supported for version %s", version)
	case on("CognitoOptions") && !version.atLeast("5.1"):
		return invalid("Cognito authentication is not supported for version %s", version)
	}
	logs, _ := settings["LogPublishingOptions"].(map[string]any)
	for kind := range logs {
		if !slices.Contains([]string{"INDEX_SLOW_LOGS", "SEARCH_SLOW_LOGS", "ES_APPLICATION_LOGS", "AUDIT_LOGS"}, kind) {
			return invalid("1 validation error detected: unknown log type %s", kind)
		}
		if !version.atLeast("5.1") {
			if kind == "ES_APPLICATION_LOGS" {
				// cloudposse/terraform-aws-elasticsearch #102
				return wrongType("Application Logs option cannot be specified for Elasticsearch version : %s", version.number())
			}
			return wrongType("%s option cannot be specified for Elasticsearch version : %s", kind, version.number())
		}
	}
	return nil
}

// checkVPC wants the service-linked role (recalled) and subnets that look like some.
func (s *Server) checkVPC(_ engineVersion, settings map[string]any) *apiError {
	vpc, _ := settings["VPCOptions"].(map[string]any)
	subnets, _ := vpc["SubnetIds"].([]any)
	if len(subnets) == 0 {
		return nil
	}
	_, old := s.people.roles["AWSServiceRoleForAmazonElasticsearchService"]
	_, current := s.people.roles["AWSServiceRoleForAmazonOpenSearchService"]
	if !old && !current {
		return invalid("Before you can proceed, you must enable a service-linked role to give Amazon OpenSearch Service permissions to access your VPC.")
	}
	cluster, _ := settings["ClusterConfig"].(map[string]any)
	zones := 1
	if cluster["ZoneAwarenessEnabled"] == true {
		zones = 2
		if config, ok := cluster["ZoneAwarenessConfig"].(map[string]any); ok {
			if n, ok := number(config["AvailabilityZoneCount"]); ok {
				zones = n
			}
		}
	}
	if len(subnets) != zones {
		// (recalled, for one zone)
		return invalid("You must specify exactly %s subnet%s.", map[int]string{1: "one", 2: "two", 3: "three"}[zones], map[bool]string{true: "", false: "s"}[zones == 1])
	}
	for _, subnet := range subnets {
		if !strings.HasPrefix(fmt.Sprint(subnet), "subnet-") {
			return invalid("The subnet ID '%v' does not exist", subnet)
		}
	}
	return nil
}

// checkOptions knows the advanced options by version.
func checkOptions(version engineVersion, settings map[string]any) *apiError {
	known := map[string]bool{
		"rest.action.multi.allow_explicit_index": true, "indices.fielddata.cache.size": true, "indices.query.bool.max_clause_count": true,
		"override_main_response_version": version.engine() == "OpenSearch" && version.generation() < engineVersion("OpenSearch_3.1").generation(),
	}
	options, _ := settings["AdvancedOptions"].(map[string]any)
	for name := range options {
		if !known[name] {
			return invalid("Unrecognized advanced option '%s' passed in advanced-options", name)
		}
	}
	return nil
}

// checkAccessPolicy refuses a policy that can't be read or names someone who isn't there, in the same words (recalled).
func (s *Server) checkAccessPolicy(_ engineVersion, settings map[string]any) *apiError {
	document, ok := settings["AccessPolicies"].(string)
	if !ok {
		return wrongType("AccessPolicies must be a string")
	}
	if document == "" {
		return nil
	}
	refusal := wrongType("Error setting policy: [%s]", document)
	p, err := parsePolicy(document)
	if err != nil {
		return refusal
	}
	for _, st := range p.Statement {
		if !st.hasPrincipal {
			return refusal
		}
		for _, principal := range st.Principal {
			if arn, ok := strings.CutPrefix(principal, "AWS:"); ok && strings.HasPrefix(arn, "arn:") && !s.people.exists(arn, s.o.Now()) {
				return refusal
			}
		}
	}
	return nil
}

// number reads a JSON number that must be whole.
func number(value any) (int, bool) {
	f, ok := value.(float64)
	return int(f), ok && f == float64(int(f))
}

// toPlain turns any value into what encoding/json reads: maps, lists, strings, numbers.
func toPlain(value any) (any, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var plain any
	return plain, json.Unmarshal(text, &plain)
}
