/// The next point of a Bayesian search: expected improvement under a Gaussian process over the unit cube.
/// Input `{"points": [[0…1]], "values": [greater is better], "seed"}`, output the point.
enum SuggestProgram {
    static let source = #"""
        import json, sys, warnings

        import numpy
        from scipy.stats import norm
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import Matern, WhiteKernel

        warnings.simplefilter("ignore")
        known = json.load(sys.stdin)
        x, y = numpy.array(known["points"], float), numpy.array(known["values"], float)
        scale = y.std() or 1.0
        process = GaussianProcessRegressor(Matern(nu=2.5) + WhiteKernel(1e-4), random_state=0).fit(x, (y - y.mean()) / scale)
        candidates = numpy.random.default_rng(known["seed"]).random((2000, x.shape[1]))
        mean, deviation = process.predict(candidates, return_std=True)
        deviation = numpy.maximum(deviation, 1e-9)
        gain = mean - (y.max() - y.mean()) / scale - 0.01
        improvement = gain * norm.cdf(gain / deviation) + deviation * norm.pdf(gain / deviation)
        print(json.dumps(candidates[int(improvement.argmax())].tolist()))
        """#
}
