//go:build tools

// Package toolchain pins the module from which the Pulumi CLI is built where
// its official download cannot be reached. scripts/toolchain builds it.
package toolchain

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
