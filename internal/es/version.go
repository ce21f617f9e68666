package es

// version.go answers: which product and version is this, and what may it read?
// Next: document.go.

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Product is one of the two lines of servers. The zero value is Elasticsearch.
type Product int

// The two products.
const (
	Elasticsearch Product = iota
	OpenSearch
)

// String gives the product's own spelling.
func (p Product) String() string {
	if p == OpenSearch {
		return "OpenSearch"
	}
	return "Elasticsearch"
}

// Version is a release of one product, or the version that created an index.
type Version struct {
	Product             Product
	Major, Minor, Patch int
}

// ErrBadVersion says that a text or number is no version.
var ErrBadVersion = errors.New("not a version")

// openSearchMask is XORed into the numeric version ids of OpenSearch (org.opensearch.Version.MASK).
const openSearchMask = 0x08000000

// firstIndexVersion is where Elasticsearch stopped deriving index version ids from the release
// (org.elasticsearch.index.IndexVersions, 8.11: ids from 8_500_000 are free running).
const firstIndexVersion = 8_500_000

// ParseVersion reads "2.3.2", "7.10", "Elasticsearch_6.8", "OpenSearch_1.3", "OpenSearch 2.19.3" or "7.10.2-SNAPSHOT".
// Without a product's name the version is one of Elasticsearch.
func ParseVersion(text string) (Version, error) {
	rest := strings.TrimSpace(text)
	version := Version{}
	lower := strings.ToLower(rest)
	for _, prefix := range []struct {
		name    string
		product Product
	}{{"elasticsearch", Elasticsearch}, {"opensearch", OpenSearch}} {
		if strings.HasPrefix(lower, prefix.name) {
			version.Product = prefix.product
			rest = strings.TrimLeft(rest[len(prefix.name):], "_ -")
		}
	}
	rest, _, _ = strings.Cut(rest, "-")
	parts := strings.Split(rest, ".")
	if len(parts) < 2 || len(parts) > 3 {
		return Version{}, fmt.Errorf("%q: %w", text, ErrBadVersion)
	}
	for i, target := range []*int{&version.Major, &version.Minor, &version.Patch} {
		if i == len(parts) {
			break
		}
		number, err := strconv.Atoi(parts[i])
		if err != nil || number < 0 || number > 999 {
			return Version{}, fmt.Errorf("%q: %w", text, ErrBadVersion)
		}
		*target = number
	}
	return version, nil
}

// VersionFromID decodes the setting index.version.created: MMmmppbb, with OpenSearch's ids masked.
// From Elasticsearch 8.11 the id no longer names a release; then only the major version is right.
func VersionFromID(id int) (Version, error) {
	if id <= 0 {
		return Version{}, fmt.Errorf("version id %d: %w", id, ErrBadVersion)
	}
	version := Version{}
	if id&openSearchMask != 0 {
		version.Product = OpenSearch
		id ^= openSearchMask
	} else if id >= firstIndexVersion && id >= 1_000_000 && id/1_000_000 >= 8 {
		// The ids of releases up to 8.10 are below 8_110_000 99; free-running ids carry a leading 8 or 9.
		if major, minor := id/1_000_000, id/10_000%100; minor > 10 || major > 8 {
			return Version{Major: major}, nil
		}
	}
	version.Major, version.Minor, version.Patch = id/1_000_000, id/10_000%100, id/100%100
	return version, nil
}

// String gives "2.3.2", or "OpenSearch 2.19.3".
func (v Version) String() string {
	text := fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
	if v.Product == OpenSearch {
		return "OpenSearch " + text
	}
	return text
}

// Full gives the product with the version, for sentences: "Elasticsearch 2.3.2".
func (v Version) Full() string {
	return fmt.Sprintf("%s %d.%d.%d", v.Product, v.Major, v.Minor, v.Patch)
}

// IsZero says that no version is known.
func (v Version) IsZero() bool { return v == Version{} }

// Lineage maps both products onto one line of descent: OpenSearch 1 forked from Elasticsearch 7.10 (rule R2 of the
// breaking changes), so OpenSearch 1, 2, 3 count as generations 7, 8, 9.
func (v Version) Lineage() int {
	if v.Product == OpenSearch {
		return v.Major + 6
	}
	return v.Major
}

// Compare orders versions of one product by release, and of two products by Lineage.
func Compare(a, b Version) int {
	if a.Product != b.Product {
		return cmp.Compare(a.Lineage(), b.Lineage())
	}
	return cmp.Or(cmp.Compare(a.Major, b.Major), cmp.Compare(a.Minor, b.Minor), cmp.Compare(a.Patch, b.Patch))
}

// AtLeast says whether v is that release of Elasticsearch or later, OpenSearch counted as 7.10 and later.
func (v Version) AtLeast(major, minor int) bool {
	if v.Product == OpenSearch {
		return major < 7 || major == 7 && minor <= 10
	}
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// CanRestore says whether a cluster of version target opens an index created by version created out of a snapshot that
// a cluster of version source wrote, and if not, why. Source: rules R1 to R3 of the breaking changes, all measured.
func CanRestore(created, source, target Version) (bool, string) {
	switch {
	case target.Product == Elasticsearch && (created.Product == OpenSearch || source.Product == OpenSearch):
		return false, "Elasticsearch does not read snapshots of OpenSearch"
	case Compare(source, target) > 0 || target.Product == OpenSearch && source.Product == Elasticsearch && source.AtLeast(7, 11):
		return false, fmt.Sprintf("a snapshot of %s is newer than %s can read", source.Full(), target.Full())
	}
	oldest := previousMajor(target)
	switch {
	case target.Product == Elasticsearch && created.Major >= oldest:
		return true, ""
	case target.Product == OpenSearch && created.Product == OpenSearch && created.Major >= oldest:
		return true, ""
	case target.Product == OpenSearch && created.Product == Elasticsearch && target.Major == 1 && created.Major >= 6:
		return true, ""
	case target.Product == OpenSearch && created.Product == Elasticsearch && target.Major == 2 && created.Major >= 7:
		return true, ""
	}
	return false, fmt.Sprintf("created in %s, and %s opens only indices created since %s",
		created.Full(), target.Full(), oldestReadable(target))
}

func oldestReadable(target Version) string {
	if target.Product == OpenSearch {
		switch target.Major {
		case 1:
			return "Elasticsearch 6.0"
		case 2:
			return "Elasticsearch 7.0 or OpenSearch 1.0"
		}
		return fmt.Sprintf("OpenSearch %d.0", target.Major-1)
	}
	return fmt.Sprintf("Elasticsearch %d.0", previousMajor(target))
}

// previousMajor is the major version before; Elasticsearch went from 2 to 5.
func previousMajor(version Version) int {
	if version.Product == Elasticsearch && version.Major == 5 {
		return 2
	}
	return version.Major - 1
}
