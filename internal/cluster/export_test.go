package cluster

// ReadUnitsOf cuts an index into smaller units than a test's data would otherwise make.
var ReadUnitsOf = (*Client).readUnits
