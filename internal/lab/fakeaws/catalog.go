// This file answers: which engine versions and instance types does the service offer, and what fits to what? The tables
// are the service's as recalled, not looked up: right in kind (what is too old or too new for what), not to be relied on in each cell.

package fakeaws

import (
	"slices"
	"strconv"
	"strings"
)

// engineVersion is "Elasticsearch_2.3" or "OpenSearch_1.3".
type engineVersion string

// engineVersions returns what can be created, oldest first.
func engineVersions() []engineVersion {
	var out []engineVersion
	for _, v := range []string{"1.5", "2.3", "5.1", "5.3", "5.5", "5.6", "6.0", "6.2", "6.3", "6.4", "6.5", "6.7", "6.8", "7.1", "7.4", "7.7", "7.8", "7.9", "7.10"} {
		out = append(out, engineVersion("Elasticsearch_"+v))
	}
	for _, v := range []string{"1.0", "1.1", "1.2", "1.3", "2.3", "2.5", "2.7", "2.9", "2.11", "2.13", "2.15", "2.17", "2.19", "3.1", "3.3"} {
		out = append(out, engineVersion("OpenSearch_"+v))
	}
	return out
}

const (
	// The APIs' defaults differ: the old one still makes what was new in 2015.
	defaultOldVersion = "Elasticsearch_1.5"
	defaultNewVersion = "OpenSearch_3.3"
)

func (v engineVersion) known() bool { return slices.Contains(engineVersions(), v) }

// engine is Elasticsearch or OpenSearch.
func (v engineVersion) engine() string {
	engine, _, _ := strings.Cut(string(v), "_")
	return engine
}

// number is "2.3".
func (v engineVersion) number() string {
	_, number, _ := strings.Cut(string(v), "_")
	return number
}

// generation orders versions of both engines: OpenSearch 1 follows Elasticsearch 7.10.
func (v engineVersion) generation() int {
	const perMajor, openSearch = 1000, 7
	major, minor, _ := strings.Cut(v.number(), ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	if errA != nil || errB != nil {
		return 0
	}
	if v.engine() == "OpenSearch" {
		a += openSearch
	}
	return a*perMajor + b
}

// atLeast compares with an Elasticsearch version "5.1"; every OpenSearch is newer.
func (v engineVersion) atLeast(elasticsearch string) bool {
	return v.generation() >= engineVersion("Elasticsearch_"+elasticsearch).generation()
}

// upgrades lists the versions an upgrade in place leads to: none from 1.5 and 2.3, which is why the tool exists.
func (v engineVersion) upgrades() []engineVersion {
	var out []engineVersion
	for _, to := range engineVersions() {
		if to.generation() <= v.generation() {
			continue
		}
		const perMajor = 1000
		from, target := v.generation()/perMajor, to.generation()/perMajor
		last := map[int]string{5: "5.6", 6: "6.8"}[from]
		switch {
		case from < 5:
		case from == target && from >= 5:
			out = append(out, to)
		case target == from+1 && (last == "" || v.number() == last || from == 6 && v.number() == "6.7"):
			// From a major to the next only from its last version; 7.x and OpenSearch 1.3, 2.19 likewise.
			if from == 8 && v.number() != "1.3" || from == 9 && v.number() != "2.19" {
				continue
			}
			out = append(out, to)
		}
	}
	return out
}

// instanceType is one row of the table: name without suffix, first version, EBS range in GiB, without EBS when 0.
type instanceType struct {
	name           string
	since, until   string
	ebsMin, ebsMax int
	ownDisk        bool // has a disk of its own, so that EBS may be left out
	encrypted      bool // may encrypt at rest
	requestMiB     int  // largest HTTP body
}

const (
	smallRequest, largeRequest = 10, 100
	ebsFloor                   = 10
)

// instanceTypes is the table.
func instanceTypes() []instanceType {
	t := func(name, since, until string, max int, own, encrypted bool, mib int) instanceType {
		least := ebsFloor
		if max == 0 {
			least = 0
		}
		return instanceType{name, since, until, least, max, own, encrypted, mib}
	}
	return []instanceType{
		t("t2.micro", "1.5", "2.3", 35, false, false, smallRequest), t("t2.small", "1.5", "7.10", 35, false, false, smallRequest), t("t2.medium", "1.5", "7.10", 35, false, false, smallRequest),
		t("t3.small", "5.6", "", 100, false, true, smallRequest), t("t3.medium", "5.6", "", 200, false, true, smallRequest),
		t("m3.medium", "1.5", "7.10", 100, true, false, smallRequest), t("m3.large", "1.5", "7.10", 512, true, false, smallRequest), t("m3.xlarge", "1.5", "7.10", 512, true, false, largeRequest), t("m3.2xlarge", "1.5", "7.10", 512, true, false, largeRequest),
		t("m4.large", "1.5", "", 512, false, true, smallRequest), t("m4.xlarge", "1.5", "", 1024, false, true, largeRequest), t("m4.2xlarge", "1.5", "", 1536, false, true, largeRequest),
		t("c4.large", "1.5", "", 100, false, true, smallRequest), t("c4.xlarge", "1.5", "", 512, false, true, largeRequest),
		t("r3.large", "1.5", "7.10", 512, true, false, largeRequest), t("r3.xlarge", "1.5", "7.10", 512, true, false, largeRequest),
		t("r4.large", "1.5", "", 1024, false, true, largeRequest), t("r4.xlarge", "1.5", "", 1536, false, true, largeRequest),
		t("i2.xlarge", "1.5", "7.10", 512, true, false, largeRequest), t("i3.large", "5.1", "", 0, true, true, largeRequest), t("i3.xlarge", "5.1", "", 0, true, true, largeRequest),
		t("m5.large", "5.1", "", 512, false, true, smallRequest), t("m5.xlarge", "5.1", "", 1024, false, true, largeRequest), t("m5.2xlarge", "5.1", "", 1536, false, true, largeRequest),
		t("c5.large", "5.1", "", 256, false, true, smallRequest), t("c5.xlarge", "5.1", "", 512, false, true, largeRequest),
		t("r5.large", "5.1", "", 1024, false, true, largeRequest), t("r5.xlarge", "5.1", "", 1536, false, true, largeRequest),
		t("m6g.large", "7.9", "", 512, false, true, largeRequest), t("m6g.xlarge", "7.9", "", 1024, false, true, largeRequest), t("r6g.large", "7.9", "", 1024, false, true, largeRequest),
	}
}

// offered tells whether the type exists for a version.
func (t instanceType) offered(v engineVersion) bool {
	return v.atLeast(t.since) && (t.until == "" || !v.atLeast(t.until) || v == engineVersion("Elasticsearch_"+t.until))
}

// findType looks a type up by its name in either API ("m3.medium.elasticsearch", "m3.medium.search").
func findType(name string) (instanceType, bool) {
	bare := bareType(name)
	for _, t := range instanceTypes() {
		if t.name == bare {
			return t, bare != name
		}
	}
	return instanceType{}, false
}

// bareType cuts the suffix that tells the APIs apart.
func bareType(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, suffixOld), suffixNew)
}

const (
	suffixOld = ".elasticsearch"
	suffixNew = ".search"
)

// limits is a type's row in DescribeInstanceTypeLimits.
func (t instanceType) limits() map[string]any {
	const mostNodes = 20
	storage := []any{}
	if t.ownDisk {
		storage = append(storage, map[string]any{"StorageTypeName": "instance"})
	}
	if t.ebsMax > 0 {
		storage = append(storage, map[string]any{"StorageTypeName": "ebs", "StorageSubTypeName": "gp2", "StorageTypeLimits": []any{
			map[string]any{"LimitName": "MinimumVolumeSize", "LimitValues": []string{strconv.Itoa(t.ebsMin)}},
			map[string]any{"LimitName": "MaximumVolumeSize", "LimitValues": []string{strconv.Itoa(t.ebsMax)}},
		}})
	}
	return map[string]any{
		"StorageTypes":   storage,
		"InstanceLimits": map[string]any{"InstanceCountLimits": map[string]int{"MinimumInstanceCount": 1, "MaximumInstanceCount": mostNodes}},
		"AdditionalLimits": []any{
			map[string]any{"LimitName": "MaximumNumberOfDataNodesSupported", "LimitValues": []string{strconv.Itoa(mostNodes)}},
		},
	}
}
